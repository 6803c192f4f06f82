"""One listing of a report: decided by the rule, recorded as a verdict of the brand, and stored as a step."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from features.message import as_json, message
from models.case import CaseEvent, CaseLane, CaseState
from models.errors import Conflict, DomainError
from models.policies.deciding import EnforcementPolicy
from models.verdict import Judgement, Side
from serving.accounts.rules.access import Person
from serving.audit.store import audit
from serving.brands.store import brands
from serving.cases.service.decision_context import Answer
from serving.cases.service.opening import harm_of, score_of
from serving.cases.service.review import VerdictOutcome, record_in
from serving.cases.store import cases
from serving.cases.store.case_filters import filter_fields
from serving.listings.store import scores
from serving.platform.database.series import undone_on_error
from serving.platform.phrases import as_data
from serving.platform.runtime import Runtime
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import Code, ListingResult, Outcome, Owner, outcome_of, pending_outcome
from serving.reports.service.examining import Examination, ExaminedListing
from serving.reports.service.requesting import request_listing
from serving.reports.store import reports
from serving.reports.store.reports import StoredReport
from serving.standing.service import CountedStanding, effects_now
from serving.takedowns.service import evidence
from serving.takedowns.service.pending_approval import EarlierRemovals, RequestedRemoval, pending_reasons_of, sales_of
from serving.takedowns.store import approvals as holds_db
from serving.webhooks.rules.action import ActionState


@dataclass(frozen=True, slots=True)
class Reporting:
    """One report in one transaction; `standing` is the brand's at its beginning.

    `stepped_up_at` is when the person confirmed the report with a second factor, and `not_before` when it leaves; None
    without.
    """

    runtime: Runtime
    connection: Connection
    person: Person
    report: StoredReport
    standing: CountedStanding
    examination: Examination
    at: datetime
    stepped_up_at: datetime | None = None
    not_before: datetime | None = None

    @property
    def pair(self) -> tuple[str, str]:
        """(marketplace, brand)."""
        return self.report.marketplace_id, self.report.brand_id


def settle_listing(reporting: Reporting, number: int, location: str, step: int = 0) -> ListingResult:
    """Decide one listing, and store its outcome as a step."""
    known = reporting.examination.look_up(location)
    examined = None if known is None else reporting.examination.examine(known)
    outcome = _outcome_by_standing(reporting, examined)
    columns: dict[str, Any] = {}
    if examined is None:
        outcome = _wait_for_listing(reporting, number, location, outcome)
    elif outcome.result is not ListingResult.REFUSED:
        outcome, columns = _record_verdict(reporting, examined, outcome, number)
    columns |= {"by": reporting.person.actor, **_audit_listing(examined)}
    append_step(reporting.connection, reporting.report, number, step, outcome, reporting.at, **columns)
    return outcome.result


def _wait_for_listing(reporting: Reporting, number: int, location: str, outcome: Outcome) -> Outcome:
    """Wait for a listing that is not known, and ask the marketplace for it."""
    runtime, connection, stored = reporting.runtime, reporting.connection, reporting.report
    until = stored.known_at + timedelta(days=runtime.policies[ReportPolicy].waits_days)
    reports.set_wait(connection, stored.marketplace_id, stored.report_id, number, until)
    was_asked = request_listing(runtime, connection, stored, location, until, reporting.at)
    return outcome if was_asked else Outcome(outcome.result, outcome.code, (message("report.waits"),))


def _audit_listing(examined: ExaminedListing | None) -> dict[str, str]:
    return {} if examined is None else {"listing_id": examined.known.listing_id}


@dataclass(slots=True)
class ForeseenRemovals:
    """What is foreseen before a listing and not stored: the brand's removals, and those by seller."""

    leaves: int = 0
    by_seller: Counter[str | None] = field(default_factory=Counter)

    def count(self, examined: ExaminedListing | None, outcome: Outcome) -> None:
        if examined is not None and outcome.result is ListingResult.SCHEDULED:
            self.leaves += 1
            self.by_seller[examined.facts.listing.seller.external_id] += 1


def foresee_outcome(reporting: Reporting, examined: ExaminedListing | None, ahead: ForeseenRemovals) -> Outcome:
    """The outcome of one listing by the rule, with the standing and the limits as they stand."""
    runtime, connection, (marketplace_id, brand_id) = reporting.runtime, reporting.connection, reporting.pair
    outcome, at = _outcome_by_standing(reporting, examined, ahead.leaves), reporting.at
    if examined is None or outcome.result is not ListingResult.SCHEDULED:
        return outcome
    seller = examined.facts.listing.seller.external_id
    before = EarlierRemovals(ahead.leaves, ahead.by_seller[seller])
    sales, confirmer = sales_of(connection, examined.facts, at), reporting.person.user_id
    request = RequestedRemoval(
        marketplace_id, brand_id, seller, sales, Side.BRAND, confirmer, before, reporting.stepped_up_at
    )
    reasons = pending_reasons_of(runtime, connection, request, at)
    return pending_outcome(reasons, examined.situation) if reasons else outcome


def _outcome_by_standing(reporting: Reporting, examined: ExaminedListing | None, leaves: int = 0) -> Outcome:
    """The outcome where no hold meets its removal, after so many removals that are foreseen before it."""
    effects = effects_now(
        reporting.runtime,
        reporting.connection,
        reporting.standing.standing,
        reporting.pair,
        reporting.report.reason_code,
        reporting.at,
    )
    return outcome_of(None if examined is None else examined.situation, effects(leaves), ())


def _record_verdict(
    reporting: Reporting, examined: ExaminedListing, outcome: Outcome, number: int
) -> tuple[Outcome, dict[str, Any]]:
    """Record the brand's verdict; a refusal of it is the outcome, and leaves no trace."""
    if outcome.code is Code.COMPLAINT_OPEN:
        assert examined.case is not None
        _note_in_case(reporting, examined.case.case_id, _history_line(reporting, examined))
        _attach_to_case(reporting, number, examined.case.case_id)
        return outcome, {"case_id": examined.case.case_id}
    try:
        with undone_on_error(reporting.connection):
            case_id = _case_for_verdict(reporting, examined)
            _attach_to_case(reporting, number, case_id)
            recorded = _record_answer(reporting, examined, case_id)
            if outcome.result is ListingResult.CASE:
                _store_evidence(reporting, case_id, number)
    except DomainError as refused:
        return Outcome(ListingResult.REFUSED, Code.NO_LONGER_POSSIBLE, ()), {"refusal": as_data(refused.phrase)}
    lane = None if examined.case is None else examined.case.lane.value
    columns = {"case_id": case_id, "verdict_id": recorded.verdict_id, "lane_before": lane}
    return _actual_outcome(reporting, examined, outcome, recorded), columns


def _attach_to_case(reporting: Reporting, number: int, case_id: str) -> None:
    """Give what the report carries to the case, before the evidence of a removal is kept."""
    reports.set_case(reporting.connection, reporting.report.marketplace_id, reporting.report.report_id, number, case_id)


def _actual_outcome(
    reporting: Reporting, examined: ExaminedListing, outcome: Outcome, recorded: VerdictOutcome
) -> Outcome:
    """What was recorded, should it differ from the outcome without holds."""
    action = recorded.action
    if action is not None and action.state is ActionState.PENDING_APPROVAL:
        stored = holds_db.of_actions(reporting.connection, action.marketplace_id, [action.action_id])
        return pending_outcome(stored[action.action_id].reasons, examined.situation)
    actual = ListingResult.CASE if action is None else ListingResult.SCHEDULED
    return outcome if actual is outcome.result else Outcome(actual, outcome.code, recorded.consequence.reasons)


def _record_answer(reporting: Reporting, examined: ExaminedListing, case_id: str) -> VerdictOutcome:
    answer = Answer(
        case_id,
        examined.known.version_id,
        Judgement.COUNTERFEIT,
        reporting.report.reason_code,
        note=reporting.report.note,
        right_id=reporting.report.right_id,
        claimant=None if reporting.examination.shown else reporting.report.brand_id,
        report_id=reporting.report.report_id,
    )
    return record_in(
        reporting.runtime,
        reporting.connection,
        reporting.person,
        answer,
        reporting.at,
        counted=reporting.standing,
        stepped_up_at=reporting.stepped_up_at,
        not_before=reporting.not_before,
    )


def _case_for_verdict(reporting: Reporting, examined: ExaminedListing) -> str:
    """The case on which the brand's verdict is recorded: the open one, which the report answers, or a new one."""
    case = examined.case
    if case is None:
        return _open_case(reporting, examined)
    if reporting.examination.shown:  # The question itself is answered, as with a single answer.
        return case.case_id
    if case.version_id != examined.known.version_id:
        raise Conflict("The listing has changed since its case was opened. Report it again in a minute.")
    # The lease of an analyst ends: the report answers the case, and the case's history tells its holder.
    values = {"lane": CaseLane.ASK_BRAND.value}
    cases.apply_event(reporting.connection, case, CaseEvent.PASS_ON, values, holder=None, at=reporting.at)
    line = _history_line(reporting, examined)
    if case.leased_by is not None and case.leased_until is not None and case.leased_until > reporting.at:
        line += " The lease of this case ended."
    _note_in_case(reporting, case.case_id, line)
    return case.case_id


def _open_case(reporting: Reporting, examined: ExaminedListing) -> str:
    runtime, (marketplace_id, brand_id) = reporting.runtime, reporting.pair
    score = scores.get(reporting.connection, marketplace_id, examined.score_id)
    case_id = runtime.ids.new("cas")
    hours = runtime.policies[EnforcementPolicy].analyst_decides_within_hours
    row = {
        "marketplace_id": marketplace_id,
        "case_id": case_id,
        "listing_id": examined.known.listing_id,
        "version_id": examined.known.version_id,
        "score_id": examined.score_id,
        "brand_id": None if examined.situation.owner is Owner.UNRESOLVED else brand_id,
        "lane": CaseLane.ASK_BRAND.value,
        "state": CaseState.OPEN.value,
        "priority": harm_of(score, examined.facts),
        "opened_at": reporting.at,
        "report_id": reporting.report.report_id,
        "due_at": reporting.at + timedelta(hours=hours),
        "follows_case_id": None,
        **filter_fields(examined.facts.listing.seller.external_id, examined.facts.listing.language, score_of(score)),
    }
    cases.add_cases(reporting.connection, [row])
    _note_in_case(reporting, case_id, _history_line(reporting, examined))
    return case_id


def _history_line(reporting: Reporting, examined: ExaminedListing) -> str:
    """The line in the case's history, which names the brand where the case names none."""
    name = "The brand"
    if examined.situation.owner is Owner.UNRESOLVED:
        marketplace_id, brand_id = reporting.pair
        name = brands.enrolments(reporting.connection, marketplace_id)[brand_id].name
    return f"{name} reported this listing as counterfeit."


def _store_evidence(reporting: Reporting, case_id: str, number: int) -> None:
    """Keep the listing as it was reported; a removal keeps it by itself."""
    case = cases.get(reporting.connection, reporting.report.marketplace_id, case_id)
    subject = reporting.runtime.ids.new("rpi")
    snapshot = evidence.store_snapshot(reporting.runtime, reporting.connection, case, subject=subject, at=reporting.at)
    payload = {"report_id": reporting.report.report_id, "number": number, "case_id": case_id, "evidence": snapshot}
    by = reporting.person.actor
    audit.record(
        reporting.connection, reporting.at, reporting.report.marketplace_id, by, "report.listing", subject, **payload
    )


def _note_in_case(reporting: Reporting, case_id: str, what: str) -> None:
    event = {
        "marketplace_id": reporting.report.marketplace_id,
        "event_id": reporting.runtime.ids.new("evt"),
        "case_id": case_id,
        "what": what,
        "actor": reporting.person.name,
        "known_at": reporting.at,
    }
    cases.add_events(reporting.connection, [event])


def append_step(
    connection: Connection,
    stored: StoredReport,
    number: int,
    step: int,
    outcome: Outcome,
    at: datetime,
    *,
    by: str,
    **columns: Any,
) -> None:
    """Append a step of one listing, with its audit entry."""
    blank: Mapping[str, Any] = dict.fromkeys(("refusal", "listing_id", "case_id", "verdict_id", "lane_before"))
    row = {
        "marketplace_id": stored.marketplace_id,
        "report_id": stored.report_id,
        "number": number,
        "step": step,
        "result": outcome.result.value,
        "code": outcome.code.value,
        "reasons": [as_json(reason) for reason in outcome.reasons],
        "known_at": at,
        **blank,
        **columns,
    }
    reports.add_outcome(connection, row)
    stated = {name: row[name] for name in ("number", "step", "result", "code", "listing_id", "case_id", "verdict_id")}
    audit.record(connection, at, stored.marketplace_id, by, "report.outcome", stored.report_id, **stated)
