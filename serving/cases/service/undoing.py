"""Withdrawal of verdicts: undone by their authors within the undo window, or overruled by others."""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from models.case import BLIND_LANES, CaseEvent, CaseLane, CaseState
from models.errors import Conflict, Forbidden
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person
from serving.appeals.rules.appeals import AppealEvent
from serving.appeals.rules.counter_notice import CounterNoticeEvent
from serving.appeals.store import appeals, overturns
from serving.cases.service.case_access import claimed_case, visible_case
from serving.cases.service.decision_context import (
    Answer,
    DecisionContext,
    add_timeline_line,
    append_verdict,
    apply_to_counter_notice,
)
from serving.cases.store import case_brands, cases, verdicts
from serving.cases.store.cases import Case
from serving.cases.store.verdicts import StoredVerdict
from serving.notices.service import notice_decisions
from serving.notices.store import notices
from serving.platform.runtime import Runtime
from serving.sellers.service import strike_recording
from serving.standing.service import lock_standing
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.service.takedown import undo_window, withdraw
from serving.takedowns.store import actions


def undo_verdict(runtime: Runtime, person: Person, case_id: str) -> str:
    """Undo a person's own last verdict on a case within the undo window; returns the withdrawal's id.

    The case reopens in the lane in which it was decided; a scheduled action is withdrawn.

    Raises Conflict (there is no verdict to undo, the window has closed, or a later step rests on the verdict) or
    Forbidden (the verdict is somebody else's).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        return undo_in(runtime, connection, person, case_id, now)


def undo_in(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    case_id: str,
    now: datetime,
    *,
    locks: bool = True,
    claimant: str | None = None,
) -> str:
    """Undo a verdict in the caller's transaction; raises like `undo_verdict`.

    `locks` is False where the caller has locked the brand's standing. `claimant` is the brand that withdraws its report
    of the listing.
    """
    if claimant is None:
        case, side = visible_case(connection, person, case_id)
    else:
        case, side = claimed_case(connection, person, case_id, claimant)
    if locks:
        lock_standing(connection, case)
    context = DecisionContext(runtime, connection, person, case, side, now)
    verdict = verdicts.latest_of_case(connection, case.marketplace_id, case.case_id)
    if verdict is not None and verdict.side is Side.BRAND:  # Another brand may have claimed the listing since.
        verdict = verdicts.latest_of_case(connection, case.marketplace_id, case.case_id, claimant or verdict.brand_id)
    if verdict is None:
        raise Conflict("There is no verdict to undo.")
    if verdict.reported and verdict.judgement is Judgement.GENUINE:
        raise Conflict("A retraction cannot be undone. Report the listing again.")
    if verdict.user_id != person.user_id:
        raise Forbidden("{name} gave the last verdict on this case; only they can undo it.", name=verdict.user_name)
    action = actions.of_verdicts(connection, case.marketplace_id, [verdict.verdict_id]).get(verdict.verdict_id)
    if now >= verdict.known_at + undo_window(runtime, stepped_up=action is not None and action.stepped_up):
        raise Conflict("The undo window has closed.")
    return withdraw_last(context, verdict)


def withdraw_last(context: DecisionContext, verdict: StoredVerdict) -> str:
    """Withdraw the last verdict of a case with its consequences, under the name of the context's person.

    The caller has checked that this person may, and counts the brand's standing again.

    Raises Conflict (a later step rests on the verdict, or its action has been sent).
    """
    case, connection = context.case, context.connection
    corrected = case_brands.of_case(connection, case.marketplace_id, case.case_id)
    if any(naming.known_at > verdict.known_at for naming in corrected):
        raise Conflict("The brand of this case was corrected after the verdict. Decide the case as it stands now.")
    _undo_overturn(context, verdict)
    _withdraw_action(context, verdict)
    if not verdicts.is_claimed_by_another(connection, verdict):
        _reopen(context, verdict)
    withdrawal = Answer(case.case_id, verdict.version_id, Judgement.WITHDRAWN)
    withdrawal_id = append_verdict(context, withdrawal, supersedes=verdict)
    notice_decisions.reopen(connection, case, verdict.verdict_id)
    appeal = appeals.of_case(connection, case.marketplace_id, case.case_id)
    if appeal is not None and verdict.lane is CaseLane.APPEAL:
        appeals.apply_event(connection, case.marketplace_id, appeal, AppealEvent.REOPEN, context.at)
        apply_to_counter_notice(context, appeal, CounterNoticeEvent.REOPEN)
    add_timeline_line(context, f"Withdrew “{verdict.judgement.value.replace('_', ' ')}”.")
    return withdrawal_id


def overrule(runtime: Runtime, connection: Connection, person: Person, key: tuple[str, str], at: datetime) -> None:
    """Withdraw a verdict that other people have overruled.

    An analyst decides its case again, unless another case of the listing is open.
    """
    marketplace_id, verdict_id = key
    verdict = verdicts.get(connection, marketplace_id, verdict_id)
    case = cases.get(connection, marketplace_id, verdict.case_id)
    context = DecisionContext(runtime, connection, person, case, verdict.side, at)
    append_verdict(context, Answer(case.case_id, verdict.version_id, Judgement.WITHDRAWN), supersedes=verdict)
    elsewhere = cases.open_cases(connection, marketplace_id, [case.listing_id]).get(case.listing_id)
    if case.state is CaseState.DECIDED and elsewhere is None:
        values: dict[str, object] = {
            "lane": CaseLane.ANALYST.value,
            "due_at": at + timedelta(hours=runtime.policies[EnforcementPolicy].analyst_decides_within_hours),
            "decided_at": None,
            "question_returned": True,
        }
        cases.apply_event(connection, case, CaseEvent.UNDO, values, holder=None, at=at)
    notice_decisions.reopen(connection, case, verdict_id)
    if elsewhere is not None:
        notices.move_to_case(connection, marketplace_id, case.case_id, elsewhere.case_id)
    add_timeline_line(context, "The pending removal was withdrawn; an analyst decides again.")


def _reopen(context: DecisionContext, verdict: StoredVerdict) -> None:
    """Open the case as it stood before the verdict. A case that was opened since on the same version joins it.

    Where the listing has changed since, the case of the new version is the one to decide.
    """
    case, connection = context.case, context.connection
    later = cases.open_cases(connection, case.marketplace_id, [case.listing_id]).get(case.listing_id, case)
    if later.lane is not case.lane and later.lane in BLIND_LANES:
        raise Conflict("A complaint about this decision has come in; it is decided there.")
    if later.version_id != case.version_id:
        return
    if later.case_id != case.case_id:
        cases.apply_event(
            connection, later, CaseEvent.NEW_VERSION, {"decided_at": context.at}, holder=None, at=context.at
        )
        notices.move_to_case(connection, case.marketplace_id, later.case_id, case.case_id)
    values = {
        "lane": verdict.lane.value,
        "decided_at": None,
        "priority": max(case.priority, later.priority),
        **_values_before(case, later, verdict),
    }
    event = CaseEvent.UNDO if case.state is CaseState.DECIDED else CaseEvent.PASS_ON
    cases.apply_event(connection, case, event, values, holder=context.person.user_id, at=context.at)


def _values_before(case: Case, later: Case, verdict: StoredVerdict) -> dict[str, object]:
    """The deadline and the question as they stood before the verdict; a notice that came since may be due sooner."""
    if verdict.due_before is None:
        return {}
    due_dates = [stored_case.notice_due_at for stored_case in (case, later) if stored_case.notice_due_at is not None]
    notice_due_at = min(due_dates, default=None)
    due_at = verdict.due_before
    if notice_due_at is not None and verdict.lane is not CaseLane.ASK_BRAND:
        due_at = min(due_at, notice_due_at)
    return {"due_at": due_at, "notice_due_at": notice_due_at, "question_returned": verdict.returned_before}


def _undo_overturn(context: DecisionContext, verdict: StoredVerdict) -> None:
    overturn = overturns.by_verdict(context.connection, context.case.marketplace_id, verdict.verdict_id)
    if overturn is None:
        return
    if overturn.cause is OverturnCause.CONCEDED:
        raise Conflict("Conceding a counter-notice cannot be undone; the seller has been told.")
    overturns.undo(context.connection, context.case.marketplace_id, overturn.overturn_id, context.at)
    strike_recording.restore_strike(
        context.runtime, context.connection, context.case.marketplace_id, overturn.action_id, context.at
    )


def _withdraw_action(context: DecisionContext, verdict: StoredVerdict) -> None:
    actions_by_verdict = actions.of_verdicts(context.connection, context.case.marketplace_id, [verdict.verdict_id])
    if verdict.verdict_id in actions_by_verdict:
        withdraw(context.runtime, context.connection, actions_by_verdict[verdict.verdict_id], context.actor, context.at)
