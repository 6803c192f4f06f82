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
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.brands.rules.brand_dashboard import objection_outcome
from serving.platform.tabular import Kind
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.status import SETTLED_STATES, ItemStatus, ListingState, Status
from serving.reports.service.submitting import is_waiting
from serving.reports.store import histories, reports
from serving.reports.store.reports import StoredOutcome, StoredReport
from serving.takedowns.rules.statement import OverturnCause
from serving.webhooks.rules.action import ActionState

COLUMNS: Final = {
    "report": Kind.TEXT,
    "reported_at": Kind.MOMENT,
    "number": Kind.COUNT,
    "named_as": Kind.TEXT,
    "listing": Kind.TEXT,
    "title": Kind.TEXT,
    "at": Kind.MOMENT,
    "event": Kind.TEXT,
    "reason": Kind.TEXT,
}
OBJECTED: Final = "objected"
_FIRST: Final = {
    ListingResult.SCHEDULED: ListingState.SCHEDULED,
    ListingResult.PENDING_APPROVAL: ListingState.PENDING_APPROVAL,
    ListingResult.CASE: ListingState.WITH_ANALYST,
    **SETTLED_STATES,
}
_REQUESTED: Final = frozenset({ListingState.SCHEDULED, ListingState.PENDING_APPROVAL})


@dataclass(frozen=True, slots=True)
class ListingEvent:
    """An event of a reported listing: the state that it led to, None where the seller objected, and why."""

    at: datetime
    state: ListingState | None
    why: tuple[Message, ...] | Phrase = ()


def history_of(connection: Connection, report: StoredReport) -> dict[int, tuple[ListingEvent, ...]]:
    """The events of each listing of a report by its number, oldest first."""
    events: dict[int, list[ListingEvent]] = {}
    for step in reports.outcomes(connection, report):
        events.setdefault(step.number, []).append(ListingEvent(step.known_at, _state_of(step), step.why))
    for row in histories.removals(connection, report):
        known = events.setdefault(row.number, [])
        if not any(event.state in _REQUESTED for event in known):
            is_pending = row.state == ActionState.PENDING_APPROVAL.value
            state = ListingState.PENDING_APPROVAL if is_pending else ListingState.SCHEDULED
            known.append(ListingEvent(row.created_at, state))
        known += _removal_events(row)
    for row in histories.rejections(connection, report):
        why = (message(f"report.rejected.{row.judgement}"),)
        events.setdefault(row.number, []).append(ListingEvent(row.known_at, ListingState.REJECTED, why))
    return {number: tuple(sorted(known, key=lambda event: event.at)) for number, known in events.items()}


def _state_of(step: StoredOutcome) -> ListingState:
    return ListingState.AWAITS_STEP_UP if is_waiting(step) else _FIRST[step.result]


def _removal_events(row: Any) -> Iterable[ListingEvent]:
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
    events = history_of(connection, status.report)
    return [_row(status, item, event) for item in status.items for event in events.get(item.number, ())]


def _row(status: Status, item: ItemStatus, event: ListingEvent) -> tuple[Any, ...]:
    why = str(event.why) if isinstance(event.why, Phrase) else " ".join(map(in_english, event.why))
    return (
        status.report.report_id,
        status.report.known_at,
        item.number,
        item.location,
        item.external_id,
        item.title,
        event.at,
        OBJECTED if event.state is None else event.state.value,
        why,
    )
