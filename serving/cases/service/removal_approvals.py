"""Removals pending approval: the people who may see them, their votes, and the result once enough agree."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from features.message import Message
from features.phrase import Phrase
from models.errors import Conflict, Forbidden, Invalid, require
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
from serving.standing.service import lock_standing, recount_of
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
from serving.takedowns.store.approvals import StoredApproval
from serving.webhooks.rules.action import ActionState

_MOST: Final = 500
VOTERS: Final = (Permission.REVIEW_CASES, Permission.MANAGE_BRANDS, Permission.ADMINISTER)


@dataclass(frozen=True, slots=True)
class PendingRemoval:
    """A removal pending approval, as a person with a role in it sees it, or an administrator.

    `no_vote` is why the person cannot vote, `no_approval` why they can only withdraw the removal; None where they can.
    `left_out` are the people whose vote does not count now, with the reason. `able` are the names of the people who can
    approve it now.
    """

    action: StoredAction
    case: Case
    brand: str
    confirmed_by: tuple[str, ...]
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
        removals = [_pending_removal(connection, person, roots, *row) for row in page]
    return [removal for removal in removals if removal is not None], following


def record_vote(runtime: Runtime, person: Person, action_id: str, decision: Decision, reason: str) -> Decision | None:
    """Record an approval or withdrawal of a removal pending approval; returns the agreed decision, None while a vote is
    missing.

    An approved removal is sent. If it is withdrawn, its verdicts no longer count and an analyst decides again.

    Raises NotFound (the person has no role in it, or there is no such removal), Conflict (the removal is no longer
    pending, or the person has already voted so) or Forbidden, Invalid (the person confirmed it, or approves it and
    counts as one with a confirmer; the reason is missing).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        place = actions.marketplace_of(connection, action_id, _marketplaces_of(person))
        case = cases.of_verdict(connection, place, actions.get(connection, place, action_id).verdict_id)
        lock_standing(connection, case)
        # A concurrent vote waits, and then counts this one.
        audit.lock(connection)
        roots = origins.roots(connection)
        pending_removal = require(
            _pending_removal(connection, person, roots, place, action_id), "There is no such removal."
        )
        if pending_removal.action.state is not ActionState.PENDING_APPROVAL:
            raise Conflict("Somebody has decided about this removal in the meantime.")
        vote = Vote(person.user_id, pending_removal.organisation, decision, reason.strip()[:500])
        check_vote(person, pending_removal.bearing, pending_removal.votes, vote, roots)
        key = {"marketplace_id": place, "vote_id": runtime.ids.new("opn"), "action_id": action_id}
        approvals.add_vote(connection, key, vote, now)
        actor = person.actor
        audit.record(
            connection,
            now,
            place,
            actor,
            f"approval_vote.{decision.value}",
            action_id,
            organisation=vote.organisation,
            reason=vote.reason,
        )
        agreed = agreed_decision([*pending_removal.votes, vote], pending_removal.bearing, roots)
        if agreed is Decision.APPROVE:
            send_approved(runtime, connection, pending_removal.action, actor, now)
            _lift_stop(
                connection, pending_removal.action, pending_removal.approval, pending_removal.bearing.confirmed_by, now
            )
            recount_of(runtime, connection, case, now)
        elif agreed is Decision.WITHDRAW:
            confirmations = approvals.verdicts_behind(connection, place, action_id)
            withdraw(runtime, connection, pending_removal.action, actor, now, how=Decision.WITHDRAW.value)
            for confirmation in confirmations:
                overrule(runtime, connection, person, (place, confirmation.verdict_id), now)
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
        confirmed_by = [
            confirmation.user_id for confirmation in approvals.verdicts_behind(connection, place, action_id)
        ]
        _lift_stop(connection, action, approval, confirmed_by, now)
        recount_of(runtime, connection, case, now)


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


def _pending_removal(
    connection: Connection, person: Person, roots: Roots, place: str, action_id: str
) -> PendingRemoval | None:
    approval = approvals.of_actions(connection, place, [action_id]).get(action_id)
    if approval is None:
        return None
    action = actions.get(connection, place, action_id)
    case = cases.of_verdict(connection, place, action.verdict_id)
    enrolled = brands.enrolments(connection, place).get(case.brand_id or "")
    bearing = _approval_parties(connection, action, approval, case, enrolled)
    organisation = organisation_of(person, bearing)
    if organisation is None and place in person.marketplaces(Permission.ADMINISTER):
        organisation = ADMINISTRATION
    if organisation is None:
        return None
    votes = approvals.votes(connection, place, [action_id]).get(action_id, [])
    return PendingRemoval(
        action,
        case,
        enrolled.name if enrolled else case.mark or "",
        tuple(accounts.names(connection, sorted(bearing.confirmed_by)).values()),
        approval,
        bearing,
        organisation,
        tuple(votes),
        no_vote=why_no_vote(person, bearing),
        no_approval=why_no_approval(person.user_id, bearing, roots),
        left_out=excluded_approvers(votes, bearing, roots),
        able=_useful_approvers(connection, votes, bearing, roots),
    )


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
    connection: Connection, action: StoredAction, approval: StoredApproval, case: Case, enrolled: Enrolment | None
) -> ApprovalParties:
    confirmations = approvals.verdicts_behind(connection, action.marketplace_id, action.action_id)
    side = verdicts.get(connection, action.marketplace_id, action.verdict_id).side
    return ApprovalParties(
        marketplace_id=action.marketplace_id,
        brand_id=case.brand_id,
        account_manager_id=enrolled.account_manager_id if enrolled else None,
        confirmed_by=frozenset(confirmation.user_id for confirmation in confirmations),
        confirmer=case.brand_id or REVIEW_TEAM if side is Side.BRAND else REVIEW_TEAM,
        causes=approval.causes,
    )
