"""Removals pending approval: the people who may see them, their votes, and the result once enough agree."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from features.phrase import Phrase
from models.errors import Conflict, DomainError, Forbidden, Invalid, require
from models.verdict import Side
from serving.accounts.rules.access import LOCAL, Permission, Person, Role
from serving.accounts.rules.second_person import Roots
from serving.accounts.store import accounts, origins, people
from serving.audit.store import audit
from serving.brands.store import brands
from serving.brands.store.brands import Enrolment
from serving.cases.service.undoing import overrule
from serving.cases.store import cases, verdicts
from serving.cases.store.cases import Case
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime
from serving.standing.service import lock_standing
from serving.standing.store import standings
from serving.takedowns.rules.approval import (
    ADMINISTRATION,
    PROGRAMME,
    REVIEW_TEAM,
    ApprovalParties,
    Decision,
    Vote,
    agreed_decision,
    check_vote,
    excluded_approvers,
    organisation_of,
    useful_approvers,
    why_no_approval,
    why_no_vote,
)
from serving.takedowns.rules.bursts import PendingCause, PendingReason
from serving.takedowns.service.takedown import send_approved, withdraw
from serving.takedowns.store import actions, alerts, approvals, removal_notices
from serving.takedowns.store.actions import StoredAction
from serving.takedowns.store.approvals import PendingBatch, RemovalVerdict, StoredApproval
from serving.webhooks.rules.action import ActionState

_MOST: Final = 500
MOST_IN_BATCH: Final = 10_000
_AT_ONCE: Final = 50  # Short transactions, as with reports.
VOTERS: Final = (Permission.REVIEW_CASES, Permission.MANAGE_BRANDS, Permission.ADMINISTER)


@dataclass(frozen=True, slots=True)
class PendingRemoval:
    """A removal pending approval, as a person with a role in it sees it, or an administrator.

    `no_vote` is why the person cannot vote, `no_approval` why they can only withdraw the removal; None where they can.
    `verdict_ids` are those behind it. `left_out` are the people whose vote does not count now, with the reason. `able`
    are the names of the people who can approve it now.
    """

    action: StoredAction
    case: Case
    brand: str
    confirmed_by: tuple[str, ...]
    verdict_ids: tuple[str, ...]
    approval: StoredApproval
    bearing: ApprovalParties
    organisation: str
    votes: tuple[Vote, ...]
    no_vote: Phrase | None
    no_approval: Phrase | None
    left_out: Mapping[str, Message]
    able: tuple[str, ...]

    @property
    def reasons(self) -> tuple[PendingReason, ...]:
        """The grounds of the hold; empty for the brand, which must not learn a seller's sales or pace."""
        return () if self.organisation == self.bearing.brand_id else self.approval.reasons


def pending_removals(runtime: Runtime, person: Person) -> list[PendingRemoval]:
    """The removals pending approval in which a person has a role, the oldest first, at most 500."""
    return page_of_pending(runtime, person, None)[0]


def page_of_pending(runtime: Runtime, person: Person, after: str | None) -> tuple[list[PendingRemoval], str | None]:
    """Those of `pending_removals` among the next 500 of everybody's, and behind which the page after them begins."""
    with runtime.store.read() as connection:
        roots = origins.roots(connection)
        waiting = approvals.pending_removals(connection, _marketplaces_of(person), _MOST + 1, after)
        page, following = cut(waiting, _MOST, lambda row: row[1])
        removals: dict[str, PendingRemoval] = {}
        for place in {place for place, _ in page}:
            removals |= _gather_removals(
                connection, person, roots, place, [action_id for of, action_id in page if of == place]
            )
    return [removals[action_id] for _, action_id in page if action_id in removals], following


def record_vote(runtime: Runtime, person: Person, action_id: str, decision: Decision, reason: str) -> Decision | None:
    """Record an approval or withdrawal of a removal pending approval; returns the agreed decision, None while a vote is
    missing.

    An approved removal is sent. If it is withdrawn, its verdicts no longer count and an analyst decides again.

    Raises NotFound (the person has no role in it, or there is no such removal), Conflict (the removal is no longer
    pending, or the person has already voted so) or Forbidden, Invalid (the person confirmed it, or approves it and
    counts as one with a confirmer; the reason is missing).
    """
    with runtime.store.write() as connection:
        place = actions.marketplace_of(connection, action_id, _marketplaces_of(person))
        voting = _begin_voting(runtime, connection, _Ballot(person, decision, reason), place, [action_id])
        return _vote(voting, require(voting.removals.get(action_id), "There is no such removal."))


@dataclass(frozen=True, slots=True)
class BatchVotes:
    """The effect of a vote on many removals: the number decided now, the number that waits for another vote, and the
    refusals of others, with their number.
    """

    settled: int
    voted: int
    refused: Counter[Phrase]


def record_votes(
    runtime: Runtime, person: Person, batch_id: str, action_ids: Collection[str], decision: Decision, reason: str
) -> BatchVotes:
    """Record a vote on these removals of a batch, or on all that are pending in it if none is named.

    Each follows the rules of a single vote; a refused one affects no other. A few are decided in each transaction.

    Raises NotFound (the person has no role in the batch, or there is none), Invalid (the reason is missing) or, where
    every removal refuses the vote, the first refusal.
    """
    if not reason.strip():
        raise Invalid("Give a reason.")
    place = batch_of(runtime, person, batch_id).marketplace_id
    with runtime.store.read() as connection:
        pending = approvals.removals_of_batch(connection, place, batch_id, MOST_IN_BATCH)
    chosen = [action_id for action_id in pending if not action_ids or action_id in action_ids]
    settled, voted, refusals = 0, 0, list[DomainError]()
    for begin in range(0, len(chosen), _AT_ONCE):
        with runtime.store.write() as connection:
            few = chosen[begin : begin + _AT_ONCE]
            voting = _begin_voting(runtime, connection, _Ballot(person, decision, reason), place, few)
            for removal in voting.removals.values():
                try:
                    with connection.begin_nested():
                        agreed = _vote(voting, removal)
                except DomainError as error:
                    refusals.append(error)
                else:
                    settled, voted = settled + (agreed is not None), voted + (agreed is None)
    if refusals and not settled and not voted:
        raise refusals[0]
    return BatchVotes(settled, voted, Counter(error.phrase for error in refusals))


def batches_of(runtime: Runtime, person: Person, most: int) -> tuple[list[PendingBatch], int]:
    """The batches in which a person has a role, the longest waiting first, and the number of all of them."""
    with runtime.store.read() as connection:
        batches = approvals.pending_batches(connection, _marketplaces_of(person))
    own = [batch for batch in batches if sees_batch(person, batch)]
    return own[:most], len(own)


def batch_of(runtime: Runtime, person: Person, batch_id: str) -> PendingBatch:
    """One batch with pending removals. Raises NotFound (there is none, or the person has no role in it)."""
    with runtime.store.read() as connection:
        batches = approvals.pending_batches(connection, _marketplaces_of(person), batch_id=batch_id)
    own = [batch for batch in batches if sees_batch(person, batch)]
    return require(own[0] if own else None, "There are no such removals, or all of them are decided.")


def removals_in(runtime: Runtime, person: Person, batch: PendingBatch, most: int) -> list[PendingRemoval]:
    """So many pending removals of a batch, spread over it, in the order in which they were confirmed."""
    with runtime.store.read() as connection:
        ids = approvals.removals_of_batch(connection, batch.marketplace_id, batch.batch_id, MOST_IN_BATCH)
        ids = ids[:: max(1, len(ids) // most)][:most]
        removals = _gather_removals(connection, person, origins.roots(connection), batch.marketplace_id, ids)
    return [removals[action_id] for action_id in ids if action_id in removals]


def sees_batch(person: Person, batch: PendingBatch) -> bool:
    """Whether a person sees these removals; an account manager sees those of brands that no other one manages."""
    place = batch.marketplace_id
    if place in person.marketplaces(Permission.REVIEW_CASES) | person.marketplaces(Permission.ADMINISTER):
        return True
    if place in person.marketplaces(Permission.MANAGE_BRANDS) and batch.manager_id in {None, person.user_id}:
        return True
    return batch.brand_id is not None and (place, batch.brand_id) in person.brands(Permission.ANSWER_QUESTIONS)


def awaits_vote_of(person: Person, batch: PendingBatch) -> bool:
    """Whether a person has a vote on these removals: a role in them, unless they confirmed them."""
    confirmer = batch.brand_id or REVIEW_TEAM
    key = (batch.marketplace_id, batch.brand_id, batch.manager_id, frozenset({batch.user_id}), confirmer, batch.causes)
    return why_no_vote(person, ApprovalParties(*key)) is None


@dataclass(frozen=True, slots=True)
class _Ballot:
    """One person's vote, in which organisation's name each removal says, and its reason."""

    person: Person
    decision: Decision
    reason: str


@dataclass(frozen=True, slots=True)
class _Voting:
    """A vote on removals in one transaction, which holds the locks; `removals` are by action."""

    runtime: Runtime
    connection: Connection
    ballot: _Ballot
    removals: Mapping[str, PendingRemoval]
    roots: Roots
    now: datetime


def _begin_voting(
    runtime: Runtime, connection: Connection, ballot: _Ballot, place: str, action_ids: Sequence[str]
) -> _Voting:
    """Lock what the votes change. A concurrent vote waits, and then counts these."""
    verdict_ids = [action.verdict_id for action in actions.of_ids(connection, place, action_ids).values()]
    brand_ids = {case.brand_id for case in cases.of_verdicts(connection, place, verdict_ids).values()}
    for brand_id in sorted(brand_id for brand_id in brand_ids if brand_id is not None):
        standings.lock(connection, place, brand_id)
    audit.lock(connection)
    roots = origins.roots(connection)
    removals = _gather_removals(connection, ballot.person, roots, place, action_ids)
    return _Voting(runtime, connection, ballot, removals, roots, runtime.clock.now())


def _vote(voting: _Voting, removal: PendingRemoval) -> Decision | None:
    """Record the vote on one removal, with what enough of them agree on."""
    runtime, connection, ballot, now = voting.runtime, voting.connection, voting.ballot, voting.now
    person, place, action_id = ballot.person, removal.action.marketplace_id, removal.action.action_id
    if removal.action.state is not ActionState.PENDING_APPROVAL:
        raise Conflict("Somebody has decided about this removal in the meantime.")
    vote = Vote(person.user_id, removal.organisation, ballot.decision, ballot.reason.strip()[:500])
    check_vote(person, removal.bearing, removal.votes, vote, voting.roots)
    key = {"marketplace_id": place, "vote_id": runtime.ids.new("opn"), "action_id": action_id}
    approvals.add_vote(connection, key, vote, now)
    act, about = f"approval_vote.{vote.decision.value}", {"organisation": vote.organisation, "reason": vote.reason}
    audit.record(connection, now, place, person.actor, act, action_id, **about)
    agreed = agreed_decision([*removal.votes, vote], removal.bearing, voting.roots)
    if agreed is Decision.APPROVE:
        send_approved(runtime, connection, removal.action, person.actor, now)
        _lift_stop(connection, removal.action, removal.approval, removal.bearing.confirmed_by, now)
    elif agreed is Decision.WITHDRAW:
        withdraw(runtime, connection, removal.action, person.actor, now, how=Decision.WITHDRAW.value)
        for verdict_id in removal.verdict_ids:
            overrule(runtime, connection, person, (place, verdict_id), now)
    return agreed


def approve_as_owner(runtime: Runtime, place: str, action_id: str, reason: str) -> None:
    """Approve a removal that an analyst confirmed, by the owner of the data directory, where nobody else can.

    Raises NotFound (the marketplace has no such removal), Forbidden (a brand confirmed it) or Conflict, Invalid (it is
    not pending; the reason is missing).
    """
    now = runtime.clock.now()
    if not reason.strip():
        raise Invalid("Give a reason.")
    with runtime.store.write() as connection:
        action = actions.get(connection, place, action_id)
        case = cases.of_verdict(connection, place, action.verdict_id)
        lock_standing(connection, case)
        audit.lock(connection)
        if verdicts.get(connection, place, action.verdict_id).side is Side.BRAND:
            raise Forbidden("A brand confirmed this removal. An analyst and another organisation approve it.")
        how = f"approval_vote.{Decision.APPROVE.value}"
        audit.record(connection, now, place, LOCAL, how, action_id, organisation="owner", reason=reason.strip()[:500])
        send_approved(runtime, connection, action, LOCAL, now)
        approval = approvals.of_actions(connection, place, [action_id])[action_id]
        behind = approvals.verdicts_behind(connection, place, [action_id]).get(action_id, [])
        confirmed_by = [confirmation.user_id for confirmation in behind]
        _lift_stop(connection, action, approval, confirmed_by, now)


def _lift_stop(
    connection: Connection, action: StoredAction, approval: StoredApproval, confirmed_by: Collection[str], now: datetime
) -> None:
    """End the stop of these people's removals, now that somebody has approved one that was pending because of it."""
    if PendingCause.STOPPED in approval.causes:
        removal_notices.lift_stop(connection, action.marketplace_id, confirmed_by, now)
        alerts.settle_subjects(connection, action.marketplace_id, PendingCause.STOPPED, confirmed_by, now)


def _marketplaces_of(person: Person) -> frozenset[str]:
    """The marketplaces where a person may have a role in a removal."""
    answered = frozenset(place for place, _ in person.brands(Permission.ANSWER_QUESTIONS))
    return answered.union(*(person.marketplaces(permission) for permission in VOTERS))


def _gather_removals(
    connection: Connection, person: Person, roots: Roots, place: str, action_ids: Sequence[str]
) -> dict[str, PendingRemoval]:
    """These removals by action, as a person sees them; those without an approval or a role of the person are absent.

    Removals of the same parties and votes, as most of a batch are, have the same approvers, which are looked up once.
    """
    stored = approvals.of_actions(connection, place, action_ids)
    requested = actions.of_ids(connection, place, list(stored))
    cases_by_verdict = cases.of_verdicts(connection, place, [action.verdict_id for action in requested.values()])
    enrolled = brands.enrolments(connection, place)
    votes = approvals.votes(connection, place, list(stored))
    behind = approvals.verdicts_behind(connection, place, list(stored))
    sides = verdicts.sides(connection, place, list(cases_by_verdict))
    names = accounts.names(connection, sorted({known.user_id for known_by in behind.values() for known in known_by}))
    able: dict[tuple[ApprovalParties, tuple[Vote, ...]], tuple[str, ...]] = {}
    removals = {}
    for action_id in action_ids:
        if action_id not in requested:
            continue
        action, approval, confirmations = requested[action_id], stored[action_id], behind.get(action_id, [])
        case = cases_by_verdict[action.verdict_id]
        enrolment = enrolled.get(case.brand_id or "")
        bearing = _approval_parties(case, approval, enrolment, confirmations, sides[action.verdict_id])
        organisation = organisation_of(person, bearing)
        if organisation is None and place in person.marketplaces(Permission.ADMINISTER):
            organisation = ADMINISTRATION
        if organisation is None:
            continue
        ballots = tuple(votes.get(action_id, ()))
        if (bearing, ballots) not in able:
            able[bearing, ballots] = _useful_approvers(connection, ballots, bearing, roots)
        removals[action_id] = PendingRemoval(
            action,
            case,
            enrolment.name if enrolment else case.mark or "",
            tuple(names[user_id] for user_id in sorted(bearing.confirmed_by)),
            tuple(confirmation.verdict_id for confirmation in confirmations),
            approval,
            bearing,
            organisation,
            ballots,
            no_vote=why_no_vote(person, bearing),
            no_approval=why_no_approval(person.user_id, bearing, roots),
            left_out=excluded_approvers(ballots, bearing, roots),
            able=able[bearing, ballots],
        )
    return removals


def _useful_approvers(
    connection: Connection, votes: Sequence[Vote], bearing: ApprovalParties, roots: Roots
) -> tuple[str, ...]:
    place, manager = bearing.marketplace_id, bearing.account_manager_id
    voters: dict[str, str] = {}
    if bearing.brand_id is not None:
        of_brand = accounts.people_of_brand(connection, (place, bearing.brand_id))
        voters |= {brand_person.user_id: bearing.brand_id for brand_person in of_brand}
    managers = people.holders(connection, [place], Role.ACCOUNT_MANAGER).get(place, {})
    if bearing.confirmer == REVIEW_TEAM:
        voters |= dict.fromkeys(people.holders(connection, [place], Role.ADMIN).get(place, {}), ADMINISTRATION)
    voters |= {user_id: PROGRAMME for user_id in managers if manager in {None, user_id}}
    voters |= dict.fromkeys(people.holders(connection, [place], Role.ANALYST).get(place, {}), REVIEW_TEAM)
    if PendingCause.MARKETPLACE_DAY in bearing.causes:
        voters |= dict.fromkeys(people.holders(connection, [place], Role.ADMIN).get(place, {}), ADMINISTRATION)
    names = accounts.names(connection, sorted(useful_approvers(votes, bearing, voters, roots)))
    return tuple(sorted(names.values()))


def _approval_parties(
    case: Case,
    approval: StoredApproval,
    enrolled: Enrolment | None,
    confirmations: Sequence[RemovalVerdict],
    side: Side,
) -> ApprovalParties:
    return ApprovalParties(
        marketplace_id=case.marketplace_id,
        brand_id=case.brand_id,
        account_manager_id=enrolled.account_manager_id if enrolled else None,
        confirmed_by=frozenset(confirmation.user_id for confirmation in confirmations),
        confirmer=case.brand_id or REVIEW_TEAM if side is Side.BRAND else REVIEW_TEAM,
        causes=approval.causes,
    )
