"""The history of a report: what became of each listing, event by event, as parts of its page and as a file."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from features.message import Message, message
from features.phrase import Phrase
from models.labels import AppealState
from models.messages.english import in_english
from models.verdict import Judgement
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.brands.rules.brand_dashboard import objection_outcome
from serving.platform.tabular import Kind
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.status import SETTLED_STATES, ListingState, Status
from serving.reports.service.submitting import is_waiting
from serving.reports.store import reports
from serving.reports.store.good_faith import of_report
from serving.reports.store.reports import StoredReport
from serving.takedowns.rules.statement import OverturnCause

COLUMNS: Final = {
    "report": Kind.TEXT, "reported_at": Kind.MOMENT, "number": Kind.COUNT, "named_as": Kind.TEXT,
    "listing": Kind.TEXT, "title": Kind.TEXT, "at": Kind.MOMENT, "event": Kind.TEXT, "reason": Kind.TEXT,
}  # fmt: skip
OBJECTED: Final = "objected"
_FIRST: Final = {
    ListingResult.SCHEDULED: ListingState.SCHEDULED,
    ListingResult.PENDING_APPROVAL: ListingState.PENDING_APPROVAL,
    ListingResult.CASE: ListingState.WITH_ANALYST,
    **SETTLED_STATES,
}
_REQUESTED: Final = {state.value: state for state in (ListingState.SCHEDULED, ListingState.PENDING_APPROVAL)}


@dataclass(frozen=True, slots=True)
class ListingEvent:
    """An event of a reported listing: the state that it led to, None where the seller objected, and why."""

    at: datetime
    state: ListingState | None
    why: tuple[Message, ...] | Phrase = ()


def history_of(connection: Connection, report: StoredReport) -> dict[int, tuple[ListingEvent, ...]]:
    """The events of each listing of a report by its number, oldest first."""
    events: dict[int, list[ListingEvent]] = {}
    case_of: dict[int, str | None] = {}
    for step in reports.outcomes(connection, report):
        state = ListingState.AWAITS_STEP_UP if is_waiting(step) else _FIRST[step.result]
        events.setdefault(step.number, []).append(ListingEvent(step.known_at, state, step.why))
        case_of[step.number] = step.case_id or case_of.get(step.number)
    removals, judgements = of_report(connection, *report.key)
    for number, known in events.items():
        removal, judged = (by_case.get(case_of[number] or "") for by_case in (removals, judgements))
        if removal is not None:
            requested = any(event.state in _REQUESTED.values() for event in known)
            known.extend(_removal_events(removal, requested=requested))
        elif judged is not None and judged.judgement != Judgement.COUNTERFEIT.value:
            why = (message(f"report.rejected.{judged.judgement}"),)
            known.append(ListingEvent(judged.known_at, ListingState.REJECTED, why))
    return {number: tuple(sorted(known, key=lambda event: event.at)) for number, known in events.items()}


def _removal_events(row: Any, *, requested: bool) -> Iterable[ListingEvent]:
    """What happened to a removal, from its request on if the report itself did not request it."""
    if not requested:
        yield ListingEvent(row.created_at, _REQUESTED.get(row.state, ListingState.SCHEDULED))
    if row.acknowledged_at is not None:
        yield ListingEvent(row.acknowledged_at, ListingState.REMOVED)
    objected = [at for at in (row.appealed_at, row.first_answered_at) if at is not None]
    if objected:
        yield ListingEvent(min(objected), None)
    silent = row.cause == OverturnCause.SILENCE.value
    appealed = AppealState(row.appeal_state) if row.appeal_state else AppealState.NONE
    counter = CounterNoticeState(row.counter_state) if row.counter_state else None
    why = (message(objection_outcome(AppealState.UNANSWERED if silent else appealed, counter)),)
    ended = row.decided_at if row.appeal_state else row.closed_at
    if row.overturned_at is not None:
        yield ListingEvent(row.overturned_at, ListingState.REINSTATED, why)
    elif objected and ended is not None:
        yield ListingEvent(ended, ListingState.REMOVED, why)


def history_rows(connection: Connection, status: Status) -> list[tuple[Any, ...]]:
    """One row per event of each listing of a report."""
    events, report = history_of(connection, status.report), status.report
    return [
        (
            *(report.report_id, report.known_at),
            *(listing.number, listing.location, listing.external_id, listing.title),
            *(event.at, OBJECTED if event.state is None else event.state.value),
            str(event.why) if isinstance(event.why, Phrase) else " ".join(map(in_english, event.why)),
        )
        for listing in status.items
        for event in events.get(listing.number, ())
    ]
