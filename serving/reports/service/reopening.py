"""Evidence that a brand adds to a report or an answer later: what stayed or was reinstated is decided again."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.message import message
from models.case import CaseLane, CaseState
from models.policies.deciding import EnforcementPolicy
from serving.accounts.rules.access import Person
from serving.cases.store import cases
from serving.cases.store.cases import Case
from serving.platform.runtime import Runtime
from serving.reports.rules.outcomes import Code, ListingResult, Outcome
from serving.reports.service.reporting import append_step
from serving.reports.store import reports
from serving.reports.store.carriers import AnsweredQuestion, latest_case
from serving.reports.store.reports import StoredReport
from serving.takedowns.store import actions

# The brand withdrew these itself, or nothing was ever examined.
_NOT_DECIDED: Final = frozenset(
    {ListingResult.UNKNOWN, ListingResult.EXPIRED, ListingResult.WITHDRAWN, ListingResult.RETRACTED}
)
_AGAIN: Final = Outcome(ListingResult.CASE, Code.EVIDENCE_ADDED, (message("report.evidence_added"),))


def reopen_listing(
    runtime: Runtime, connection: Connection, person: Person, stored: StoredReport, number: int, at: datetime
) -> bool:
    """Give a listing of a report to an analyst again, with the evidence of the report; False where it needs no one.

    That is where it is removed, where somebody is deciding on it already, or where nothing of it was decided.
    """
    last = next((step for step in reversed(reports.outcomes(connection, stored)) if step.number == number), None)
    if last is None or last.listing_id is None or last.case_id is None or last.result in _NOT_DECIDED:
        return False
    decided = cases.get(connection, stored.marketplace_id, last.case_id)
    case_id = _open_again(runtime, connection, person, decided, at, follows=decided.case_id, report_id=stored.report_id)
    if case_id is None:
        return False
    reports.set_case(connection, stored.marketplace_id, stored.report_id, number, case_id)
    columns = {"listing_id": last.listing_id, "case_id": case_id}
    append_step(connection, stored, number, last.step + 1, _AGAIN, at, by=person.actor, **columns)
    return True


def reopen_answer(
    runtime: Runtime, connection: Connection, person: Person, question: AnsweredQuestion, at: datetime
) -> bool:
    """Give the listing of an answered question to an analyst again, by the same rule."""
    decided = latest_case(connection, question)
    return _open_again(runtime, connection, person, decided, at, follows=question.case_id) is not None


def _open_again(
    runtime: Runtime,
    connection: Connection,
    person: Person,
    decided: Case,
    at: datetime,
    *,
    follows: str,
    report_id: str | None = None,
) -> str | None:
    """The case in which an analyst decides again; None where the listing is removed or somebody decides already."""
    marketplace_id, listing_id = decided.marketplace_id, decided.listing_id
    if actions.removal_of_listing(connection, marketplace_id, listing_id) is not None:
        return None
    if cases.open_cases(connection, marketplace_id, [listing_id]):
        return None
    case_id, hours = runtime.ids.new("cas"), runtime.policies[EnforcementPolicy].analyst_decides_within_hours
    row = {
        "marketplace_id": marketplace_id,
        "case_id": case_id,
        "listing_id": listing_id,
        "version_id": decided.version_id,
        "score_id": decided.score_id,
        "brand_id": decided.brand_id,
        "mark": decided.mark,
        "mark_owner": decided.mark_owner,
        "lane": CaseLane.ANALYST.value,
        "state": CaseState.OPEN.value,
        "priority": decided.priority,
        "opened_at": at,
        "report_id": report_id,
        "due_at": at + timedelta(hours=hours),
        "follows_case_id": follows,
        "question_returned": True,
    }
    cases.add_cases(connection, [row])
    event = {
        "marketplace_id": marketplace_id,
        "event_id": runtime.ids.new("evt"),
        "case_id": case_id,
        "what": f"The brand added evidence to its {'answer' if report_id is None else 'report'}. "
        "The listing is decided again.",
        "actor": person.name,
        "known_at": at,
    }
    cases.add_events(connection, [event])
    return case_id
