"""Appeals against decisions: their states, the appeal period, and the effect of a record of groundless appeals."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from features.message import Message, message
from features.phrase import Phrase
from models.errors import Conflict, DeadlinePassed, require
from models.labels import AppealState
from serving.appeals.policy import AppealPolicy
from serving.platform.deadlines import after_months


class AppealEvent(StrEnum):
    FILE = "file"
    UPHOLD = "uphold"
    DISMISS = "dismiss"
    REOPEN = "reopen"  # The decision was undone inside its undo window.


_TRANSITIONS: Final = {
    (AppealState.NONE, AppealEvent.FILE): AppealState.OPEN,
    (AppealState.OPEN, AppealEvent.UPHOLD): AppealState.UPHELD,
    (AppealState.OPEN, AppealEvent.DISMISS): AppealState.DISMISSED,
    (AppealState.UPHELD, AppealEvent.REOPEN): AppealState.OPEN,
    (AppealState.DISMISSED, AppealEvent.REOPEN): AppealState.OPEN,
}
_WHY_NOT: Final = {
    AppealState.NONE: Phrase("There is no appeal."),
    AppealState.OPEN: Phrase("The appeal waits for its decision."),
    AppealState.UPHELD: Phrase("The appeal has been decided already."),
    AppealState.DISMISSED: Phrase("The appeal has been decided already."),
    AppealState.UNANSWERED: Phrase("The removal is undone already, so there is nothing to appeal against."),
}


def next_state(state: AppealState, event: AppealEvent) -> AppealState:
    """The state after an event. Raises Conflict (the event cannot happen in this state)."""
    return require(_TRANSITIONS.get((state, event)), _WHY_NOT[state], Conflict)


# Included with every appeal, so that every possible appellant has been informed (DSA, Article 23(4)).
ADMISSION_RULE: Final = message("appeal.rule")
# The answer to a repeated submission of the same appeal.
KNOWN: Final = {
    state: message(f"appeal.known.{state}") for state in (AppealState.OPEN, AppealState.UPHELD, AppealState.DISMISSED)
}


@dataclass(frozen=True, slots=True)
class AppealRecord:
    """How an appellant's appeals in the record's period ended."""

    upheld: int
    dismissed: int


@dataclass(frozen=True, slots=True)
class Admission:
    """An admitted appeal: whether it waits behind the others, and the message to the appellant."""

    behind_others: bool
    message: Message


def appeal_period_end(informed_at: datetime, policy: AppealPolicy) -> datetime:
    """The end of the appeal period of a decision."""
    return after_months(informed_at, policy.open_months)


def is_frivolous(record: AppealRecord, policy: AppealPolicy) -> bool:
    """Whether an appellant appeals frequently and without ground, by number and by proportion."""
    decided = record.upheld + record.dismissed
    return record.dismissed >= policy.frivolous_from and record.dismissed >= policy.frivolous_share * decided


def admit(
    *, informed_at: datetime, at: datetime, is_first: bool, record: AppealRecord, policy: AppealPolicy
) -> Admission:
    """Whether an appeal against one decision is admitted, and in what order.

    A first appeal against a decision is always admitted: an appellant who was wrong a hundred times may be right this
    time. An appellant's record changes only the order: an appellant whose appeals are nearly all dismissed waits behind
    all others and is told so. A thousand such appeals therefore do not take the time of a seller who has one. A
    second appeal against the same decision is refused: a person decided it, and the remaining remedy is a dispute body
    or a court.

    Raises Conflict (an appeal against this decision exists already) or TooLate (the appeal period has passed).
    """
    if not is_first:
        raise Conflict("An appeal against this removal already exists.")
    if at >= appeal_period_end(informed_at, policy):
        raise DeadlinePassed("The appeal period of {months} months has passed.", months=policy.open_months)
    if is_frivolous(record, policy):
        counts = {"days": policy.record_days, "dismissed": record.dismissed, "upheld": record.upheld}
        return Admission(behind_others=True, message=message("appeal.behind_others", **counts))
    return Admission(behind_others=False, message=message("appeal.admitted"))
