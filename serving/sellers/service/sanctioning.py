"""Sanctions of sellers: proposed with the strike that calls for one, decided by two people, carried out, lifted.

No model takes part. A rejected or lapsed sanction has no effect on the seller.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import Conflict, Invalid, require
from models.messages.english import in_english
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.strikes import StrikeCount, count_strikes
from serving.accounts.rules.access import Permission, Person, Role
from serving.accounts.rules.second_person import Roots
from serving.accounts.store import origins, people
from serving.audit.store import audit
from serving.platform.runtime import Runtime
from serving.sellers.rules.sanction import (
    OPEN_STATES,
    EarlierSanction,
    Measure,
    SanctionCause,
    SanctionEvent,
    SanctionState,
    Vote,
    check_vote,
    event_of_votes,
    is_still_carried,
    organisation_for,
    rung,
    useful_voters,
    why_no_agreement,
    why_no_vote,
)
from serving.sellers.service.sanction_steps import (
    LADDER,
    Proposal,
    change_state,
    expire_sanctions,
    lift_at_once,
    propose_sanction,
    record_act,
    tell_marketplace,
    withdraw_sanction,
)
from serving.sellers.store import sanctions, strikes
from serving.sellers.store.sanctions import StoredSanction
from serving.takedowns.rules.approval import PROGRAMME, REVIEW_TEAM

PAGE: Final = 500
PAGE_AT_ONCE: Final = 100


def propose_after_strike(
    runtime: Runtime, connection: Connection, marketplace_id: str, seller: str, at: datetime
) -> None:
    """After a strike: propose the measure that the seller's strikes call for, unless it is open or in force.

    The caller holds the head of the audit log.
    """
    strike_count = strikes_of(runtime, connection, marketplace_id, seller, at)
    before = sanctions.of_seller(connection, marketplace_id, seller)
    step = rung(
        strike_count.total,
        [EarlierSanction(sanction.measure, sanction.state, sanction.total) for sanction in before],
        runtime.policies[SanctionPolicy],
    )
    if step.proposed is None:
        return
    for sanction in before:
        if sanction.state in OPEN_STATES:
            expire_sanctions(connection, sanction, "Replaced by the measure that the strikes now call for.", at)
    reasons = tuple(map(in_english, (step.reason, *strike_count.reasons)))
    proposal = Proposal(seller, step.proposed, SanctionCause.STRIKES, strike_count.total, reasons)
    propose_sanction(runtime, connection, marketplace_id, proposal, at)


def end_after_void(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str, at: datetime) -> None:
    """After a strike is void: end the sanctions that the remaining strikes do not carry, and those that they led to."""
    strike_count = strikes_of(runtime, connection, marketplace_id, seller, at)
    for sanction in sanctions.of_seller(connection, marketplace_id, seller):
        carried = is_still_carried(sanction.measure, strike_count.total, runtime.policies[SanctionPolicy])
        if sanction.cause is SanctionCause.STRIKES and not carried:
            withdraw_sanction(
                runtime, connection, sanction, f"Too few strikes remain. {in_english(strike_count.reasons[0])}", at
            )


@dataclass(frozen=True, slots=True)
class SanctionView:
    """A sanction as a person with a role in it sees it.

    `no_vote` is why they cannot vote, `no_agreement` why they can only reject it; None where they can. `able` are the
    names of the people whose agreement would count now.
    """

    sanction: StoredSanction
    count: StrikeCount
    votes: tuple[Vote, ...]
    no_vote: Phrase | None
    no_agreement: Phrase | None
    able: tuple[str, ...]


def undecided_sanctions(runtime: Runtime, person: Person, after: str | None = None) -> list[SanctionView]:
    """The undecided sanctions in the marketplaces where a person has a role, the oldest first, at most 500;
    or those behind the one `after`."""
    with runtime.store.read() as connection:
        return _views_for(
            runtime,
            connection,
            person,
            sanctions.undecided_sanctions(connection, marketplaces_with_vote(person), PAGE, after),
        )


def sanctions_in_force(runtime: Runtime, person: Person, after: str | None = None) -> list[SanctionView]:
    """The sanctions in force in the marketplaces where a person has a role, the oldest first, at most 500;
    or those behind the one `after`."""
    with runtime.store.read() as connection:
        return _views_for(
            runtime,
            connection,
            person,
            sanctions.sanctions_in_force(connection, marketplaces_with_vote(person), PAGE, after),
        )


def record_vote(runtime: Runtime, person: Person, sanction_id: str, *, agrees: bool, reason: str) -> SanctionState:
    """Record a vote on a sanction; returns the new state.

    Raises NotFound (the person has no role in the sanction, or there is no such sanction), Conflict (the sanction is
    decided, or the person has already voted so) or Forbidden, Invalid (the person confirmed a removal behind it, or
    agrees and counts as one with a confirmer; the reason is missing).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        sanction, organisation = _sanction_for(connection, person, sanction_id)
        if sanction.state not in OPEN_STATES:
            raise Conflict("Somebody has decided about this sanction in the meantime.")
        votes = sanctions.votes(connection, [sanction_id]).get(sanction_id, [])
        confirmers = strikes.confirmers(connection, sanction.marketplace_id, _struck_seller(connection, sanction))
        vote = Vote(person.user_id, organisation, agrees, reason.strip()[:500])
        roots = origins.roots(connection)
        check_vote(votes, vote, confirmers, roots)
        key = {"marketplace_id": sanction.marketplace_id, "vote_id": runtime.ids.new("voi"), "sanction_id": sanction_id}
        sanctions.add_vote(connection, key, vote, now)
        event = event_of_votes([*votes, vote], confirmers, roots)
        decided: dict[str, Any] = {} if event is SanctionEvent.AGREE else {"decided_at": now, "due_at": None}
        if event is SanctionEvent.REFUSE:
            decided["ended_because"] = vote.reason
        change_state(connection, sanction, event, decided)
        actor = person.actor
        payload = {"organisation": organisation, "reason": vote.reason}
        record_act(connection, sanction, f"sanction.{'agreed' if agrees else 'refused'}", actor, payload, now)
        if event is SanctionEvent.CARRY_OUT:
            record_act(
                connection, sanction, "sanction.carried_out", actor, {"seller": sanction.seller_external_id}, now
            )
            tell_marketplace(runtime, connection, sanction, actor, now)
            _propose_for_linked(runtime, connection, sanction, now)
            _schedule_check(runtime, connection, sanction, now)
        return sanctions.get(connection, sanction.marketplace_id, sanction_id).state


def lift_sanction(runtime: Runtime, person: Person, sanction_id: str, reason: str) -> None:
    """End a sanction in force. One person may do this, because it is harmless.

    Sanctions of linked accounts, decided separately, stay.

    Raises NotFound, Conflict, Invalid (the person has no role in it; it is not in force; the reason is missing).
    """
    now = runtime.clock.now()
    if not reason.strip():
        raise Invalid("Give a reason.")
    with runtime.store.write() as connection:
        audit.lock(connection)
        sanction, _ = _sanction_for(connection, person, sanction_id)
        lift_at_once(runtime, connection, sanction, reason.strip()[:500], person.actor, now)


def sweep_sanctions(runtime: Runtime) -> int:
    """Let overdue proposals lapse, and lift sanctions that strikes no longer carry; returns how many were due."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        due = sanctions.due_sanctions(connection, now, PAGE_AT_ONCE)
    for seen in due:
        with runtime.store.write() as connection:
            audit.lock(connection)
            sanction = sanctions.get(connection, seen.marketplace_id, seen.sanction_id)
            if sanction.due_at is None or sanction.due_at > now:
                continue
            if sanction.state in OPEN_STATES:
                expire_sanctions(connection, sanction, "Nobody decided in time.", now)
                continue
            strike_count = strikes_of(runtime, connection, sanction.marketplace_id, sanction.seller_external_id, now)
            if is_still_carried(sanction.measure, strike_count.total, runtime.policies[SanctionPolicy]):
                _schedule_check(runtime, connection, sanction, now)
            else:
                why = f"Its strikes are spent. {in_english(strike_count.reasons[0])}"
                lift_at_once(runtime, connection, sanction, why, LADDER, now)
    return len(due)


def marketplaces_with_vote(person: Person) -> frozenset[str]:
    """The marketplaces where a person may vote on sanctions."""
    return person.marketplaces(Permission.REVIEW_CASES) | person.marketplaces(Permission.MANAGE_BRANDS)


def strikes_of(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str, at: datetime) -> StrikeCount:
    return count_strikes(
        strikes.of_seller(connection, marketplace_id, seller), as_of=at, policy=runtime.policies[StrikePolicy]
    )


def _propose_for_linked(runtime: Runtime, connection: Connection, sanction: StoredSanction, at: datetime) -> None:
    """Propose the same for every linked account that is not spared; a linked account's sanction spreads no further."""
    if sanction.cause is SanctionCause.LINKED:
        return
    for account in sanction.linked:
        seller = str(account["seller"])
        before = sanctions.of_seller(connection, sanction.marketplace_id, seller)
        in_hand = any(other.state in OPEN_STATES or other.state is SanctionState.CARRIED_OUT for other in before)
        if account["spared_because"] is not None or in_hand:
            continue
        own = strikes_of(runtime, connection, sanction.marketplace_id, seller, at)
        path = str(account["path"])
        linked = f"{sanction.seller_external_id} was sanctioned, and this account is linked: {path}."
        reasons = (linked, *map(in_english, own.reasons))
        proposal = Proposal(seller, sanction.measure, SanctionCause.LINKED, own.total, reasons, sanction, path)
        propose_sanction(runtime, connection, sanction.marketplace_id, proposal, at)


def _schedule_check(runtime: Runtime, connection: Connection, sanction: StoredSanction, at: datetime) -> None:
    """Schedule the check of a restriction, which ends with its strikes; a closed account stays closed."""
    if sanction.measure is Measure.CLOSE or sanction.cause is SanctionCause.LINKED:
        return
    strike_count = strikes_of(runtime, connection, sanction.marketplace_id, sanction.seller_external_id, at)
    next_spent = min((incident.spent_at for incident in strike_count.incidents), default=None)
    sanctions.schedule_check(connection, sanction, next_spent)


def _sanction_for(connection: Connection, person: Person, sanction_id: str) -> tuple[StoredSanction, str]:
    place = sanctions.marketplace_of(connection, sanction_id, marketplaces_with_vote(person))
    organisation = require(organisation_for(person, place), "There is no such sanction.")
    return sanctions.get(connection, place, sanction_id), organisation


def _views_for(
    runtime: Runtime, connection: Connection, person: Person, stored_sanctions: Sequence[StoredSanction]
) -> list[SanctionView]:
    votes = sanctions.votes(connection, [sanction.sanction_id for sanction in stored_sanctions])
    now, roots = runtime.clock.now(), origins.roots(connection)
    seen = []
    for sanction in stored_sanctions:
        confirmers = strikes.confirmers(connection, sanction.marketplace_id, _struck_seller(connection, sanction))
        seen.append(
            SanctionView(
                sanction,
                strikes_of(runtime, connection, sanction.marketplace_id, sanction.seller_external_id, now),
                tuple(votes.get(sanction.sanction_id, ())),
                no_vote=why_no_vote(person.user_id, confirmers),
                no_agreement=why_no_agreement(person.user_id, confirmers, roots),
                able=_useful_voter_names(
                    connection, sanction, tuple(votes.get(sanction.sanction_id, ())), confirmers, roots
                ),
            )
        )
    return seen


def _useful_voter_names(
    connection: Connection, sanction: StoredSanction, votes: Sequence[Vote], confirmers: Collection[str], roots: Roots
) -> tuple[str, ...]:
    """The names of the people whose agreement to a sanction would count now."""
    marketplace_id = sanction.marketplace_id
    managers = people.holders(connection, [marketplace_id], Role.ACCOUNT_MANAGER).get(marketplace_id, {})
    analysts = people.holders(connection, [marketplace_id], Role.ANALYST).get(marketplace_id, {})
    voting = dict.fromkeys(managers, PROGRAMME) | dict.fromkeys(analysts, REVIEW_TEAM)
    names = managers | analysts
    return tuple(sorted(names[user_id] for user_id in useful_voters(votes, confirmers, voting, roots)))


def _struck_seller(connection: Connection, sanction: StoredSanction) -> str:
    """The seller whose strikes a sanction rests on: the seller itself, or the linked account that led to it."""
    if sanction.parent_id is None:
        return sanction.seller_external_id
    return sanctions.get(connection, sanction.marketplace_id, sanction.parent_id).seller_external_id
