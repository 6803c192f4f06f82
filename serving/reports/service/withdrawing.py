"""Listings of a report that the brand withdraws within the undo window, or retracts later."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.case import CaseEvent, CaseLane, CaseState
from models.errors import Conflict, DomainError, NotFound
from models.labels import AppealState
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Permission, Person
from serving.appeals.rules.counter_notice import CounterNoticeEvent, CounterNoticeState, Party
from serving.appeals.service.complaint_case import Ground, overturn
from serving.appeals.service.counter_notice_steps import Statement, take_step
from serving.appeals.store import appeals, counter_notices
from serving.audit.store import audit
from serving.cases.service.decision_context import Answer, DecisionContext, add_timeline_line, append_verdict
from serving.cases.service.undoing import undo_in
from serving.cases.store import cases, verdicts
from serving.cases.store.verdicts import StoredVerdict
from serving.notices.service import notice_decisions
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import ListingResult, Outcome
from serving.reports.service.reporting import append_step
from serving.reports.service.submitting import is_waiting
from serving.reports.store import reports
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.standing.store import standings
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.service import takedown
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import UNSENT_STATES

# What a report has set in motion.
STANDS: Final = frozenset(
    {ListingResult.SCHEDULED, ListingResult.PENDING_APPROVAL, ListingResult.CASE, ListingResult.UNKNOWN}
)
_WAITS_FOR_A_SIDE: Final = frozenset({CounterNoticeState.WITH_SELLER, CounterNoticeState.WITH_RIGHTS_HOLDER})


def withdraw(runtime: Runtime, person: Person, report_id: str, numbers: Collection[int]) -> int:
    """Withdraw listings of a user's own report within the undo window; returns how many.

    `numbers` are those of the report's list. A case that the report opened is called off; one that it answered is open
    again as before. A listing that is waited for is waited for no longer, at any time.

    Raises NotFound (the user's brands have no such report, or it has no such listing) or Conflict, Forbidden (nothing
    of it can be withdrawn; the sentence says why).
    """
    return _change_listings(runtime, person, report_id, numbers, _withdraw_listing)


def retract(runtime: Runtime, person: Person, report_id: str, numbers: Collection[int]) -> int:
    """Retract listings of a brand's report after the undo window; returns how many.

    The listing is reinstated, the strike lifted and the label corrected: the brand now says that the goods are genuine.
    Standing counts the retraction as withdrawn, and not as an overturned removal.

    Raises NotFound (the person's brands have no such report, or it has no such listing) or Conflict (nothing of it can
    be retracted; the sentence says why).
    """
    return _change_listings(runtime, person, report_id, numbers, _retract_listing)


@dataclass(frozen=True, slots=True)
class _Change:
    """One report in one transaction."""

    runtime: Runtime
    connection: Connection
    person: Person
    report: StoredReport
    at: datetime

    @property
    def actor(self) -> str:
        """The person's name in the audit log."""
        return self.person.actor

    @property
    def marketplace_id(self) -> str:
        return self.report.marketplace_id


def _change_listings(
    runtime: Runtime,
    person: Person,
    report_id: str,
    numbers: Collection[int],
    act: Callable[[_Change, StoredOutcome], Outcome],
) -> int:
    with runtime.store.write() as connection:
        report = reports.get(connection, report_id, person.brands(Permission.ANSWER_QUESTIONS))
        marketplace_id, now = report.marketplace_id, runtime.clock.now()
        standings.lock(connection, marketplace_id, report.brand_id)
        latest = {step.number: step for step in reports.outcomes(connection, report)}
        if not set(numbers) <= set(latest):
            raise NotFound("The report has no such listing.")
        standing = [step for number, step in latest.items() if number in numbers and step.result in STANDS]
        cases.lock(connection, marketplace_id, [step.case_id for step in standing if step.case_id is not None])
        change = _Change(runtime, connection, person, report, now)
        refusals: list[DomainError | None] = []
        for step in standing:
            try:
                with connection.begin_nested():
                    outcome = act(change, step)
                    columns = {name: getattr(step, name) for name in ("listing_id", "case_id", "verdict_id")}
                    append_step(
                        connection, report, step.number, step.step + 1, outcome, now, by=change.actor, **columns
                    )
                refusals.append(None)
            except DomainError as refused:
                refusals.append(refused)
        done = refusals.count(None)
        if not done:
            raise next(
                (refusal for refusal in refusals if refusal is not None), Conflict("Nothing here is left to withdraw.")
            )
        act_name = "report.withdrawn" if act is _withdraw_listing else "report.retracted"
        audit.record(connection, now, marketplace_id, person.actor, act_name, report_id, listings=done)
    return done


def _withdraw_listing(change: _Change, outcome: StoredOutcome) -> Outcome:
    if outcome.result is ListingResult.UNKNOWN:
        reports.set_wait(change.connection, change.marketplace_id, change.report.report_id, outcome.number, None)
        return Outcome(ListingResult.WITHDRAWN, outcome.code, ())
    if is_waiting(outcome):
        return Outcome(ListingResult.WITHDRAWN, outcome.code, ())
    if outcome.case_id is None or outcome.verdict_id is None:
        raise Conflict("A reviewer decides about this listing. It can no longer be withdrawn.")
    claimant = change.report.brand_id
    undo_in(
        change.runtime, change.connection, change.person, outcome.case_id, change.at, locks=False, claimant=claimant
    )
    verdict = verdicts.get(change.connection, change.marketplace_id, outcome.verdict_id)
    close_case(change.connection, verdict, outcome.lane_before, change.at)
    return Outcome(ListingResult.WITHDRAWN, outcome.code, ())


def close_case(connection: Connection, claim: StoredVerdict, lane_before: CaseLane | None, at: datetime) -> None:
    """Call off a case that a report opened, or put back the one that it answered; another brand's claim stays."""
    case = cases.get(connection, claim.marketplace_id, claim.case_id)
    if case.state is not CaseState.OPEN or verdicts.is_claimed_by_another(connection, claim):
        return
    if case.report_id is not None:
        values: dict[str, object] = {"decided_at": at}
        cases.apply_event(connection, case, CaseEvent.CALL_OFF, values, holder=None, at=at)
    elif lane_before is not None and lane_before is not case.lane:
        back: dict[str, object] = {"lane": lane_before.value}
        cases.apply_event(connection, case, CaseEvent.PASS_ON, back, holder=None, at=at)


def _retract_listing(change: _Change, outcome: StoredOutcome) -> Outcome:
    if outcome.case_id is None or outcome.verdict_id is None:
        raise Conflict("Nothing was decided about this listing. Withdraw it instead.")
    connection, marketplace_id = change.connection, change.marketplace_id
    case = cases.get(connection, marketplace_id, outcome.case_id)
    verdict = verdicts.get(connection, marketplace_id, outcome.verdict_id)
    if verdict.superseded_by is not None:
        raise Conflict("This statement no longer stands.")
    removal = _removal_of_statement(change, outcome)
    if removal is None and case.state is CaseState.DECIDED:
        raise Conflict("The listing is not removed, so there is nothing to retract.")
    context = DecisionContext(change.runtime, connection, change.person, case, Side.BRAND, change.at)
    words, claimant = "Retracted the report of this listing.", change.report.brand_id
    answer = Answer(case.case_id, verdict.version_id, Judgement.GENUINE, note=words, claimant=claimant)
    verdict_id = append_verdict(context, answer, supersedes=verdict)
    add_timeline_line(context, words)
    if removal is None:
        close_case(connection, verdict, outcome.lane_before, change.at)
    elif removal.state in UNSENT_STATES:
        takedown.withdraw(change.runtime, connection, removal, change.actor, change.at)
        notice_decisions.reopen(connection, case, outcome.verdict_id)
    else:
        _end_counter_notice(change, removal)
        overturn(
            change.runtime, connection, removal, Ground(OverturnCause.RETRACTED, verdict_id, change.actor), change.at
        )
    return Outcome(ListingResult.RETRACTED, outcome.code, ())


def _removal_of_statement(change: _Change, outcome: StoredOutcome) -> StoredAction | None:
    """The removal of the case in which the brand gave its statement, unless it is undone."""
    removal = actions.removal_of_listing(change.connection, change.marketplace_id, outcome.listing_id or "")
    if removal is None:
        return None
    case = cases.of_verdict(change.connection, change.marketplace_id, removal.verdict_id)
    return removal if case.case_id == outcome.case_id else None


def _end_counter_notice(change: _Change, removal: StoredAction) -> None:
    """End a counter-notice that waits for either side; one that a reviewer or a court decides is theirs."""
    contested = counter_notices.of_action(change.connection, change.marketplace_id, removal.action_id)
    appeal = appeals.of_action(change.connection, change.marketplace_id, removal.action_id)
    if contested is not None and contested.turn.state in _WAITS_FOR_A_SIDE:
        statement = Statement(CounterNoticeEvent.CONCEDE, None, change.actor)
        take_step(change.runtime, change.connection, contested, statement, Party.RIGHTS_HOLDER)
    elif appeal is not None and appeal.state is AppealState.OPEN:
        raise Conflict("A reviewer decides on the seller's objection to this removal. Their decision comes first.")
