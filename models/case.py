"""The states of a case and the transitions between them."""

from enum import StrEnum
from typing import Final

from features.phrase import Phrase
from models.errors import Conflict, require


class CaseLane(StrEnum):
    """The party that a case waits for."""

    ASK_BRAND = "ask_brand"
    ANALYST = "analyst"
    AUDIT = "audit"
    INSUFFICIENT_EVIDENCE = "insufficient_evidence"
    APPEAL = "appeal"
    COMPLAINT = "complaint"  # A notifier's complaint against the decision that a listing stays.
    SECOND_REVIEW = "second_review"  # A check of a training label; it does not change the listing.


# The reviewer did not judge the listing before and sees neither the score nor earlier verdicts.
BLIND_LANES: Final = frozenset({CaseLane.APPEAL, CaseLane.COMPLAINT, CaseLane.SECOND_REVIEW})


class CaseState(StrEnum):
    """`open` waits for a person; `decided` has a verdict that stands; `stale` was overtaken or called off."""

    OPEN = "open"
    DECIDED = "decided"
    STALE = "stale"


class CaseEvent(StrEnum):
    DECIDE = "decide"
    PASS_ON = "pass_on"  # noqa: S105  # Not a password: the case was not settled and stays open in another lane.
    UNDO = "undo"
    NEW_VERSION = "new_version"
    CALL_OFF = "call_off"  # The report or the notice that opened the case was withdrawn or is invalid.


_TRANSITIONS: Final = {
    (CaseState.OPEN, CaseEvent.DECIDE): CaseState.DECIDED,
    (CaseState.OPEN, CaseEvent.PASS_ON): CaseState.OPEN,
    (CaseState.OPEN, CaseEvent.NEW_VERSION): CaseState.STALE,
    (CaseState.OPEN, CaseEvent.CALL_OFF): CaseState.STALE,
    (CaseState.DECIDED, CaseEvent.UNDO): CaseState.OPEN,
}

_WHY_NOT: Final = {
    CaseState.OPEN: Phrase("The case is still open, so there is nothing to undo."),
    CaseState.DECIDED: Phrase("The case has been decided already."),
    CaseState.STALE: Phrase("The listing has changed since this case opened. A new case shows the current version."),
}


def next_state(state: CaseState, event: CaseEvent) -> CaseState:
    """The state after an event.

    Raises Conflict (the event cannot happen in this state; the sentence says what happened before).
    """
    return require(_TRANSITIONS.get((state, event)), _WHY_NOT[state], Conflict)


# The lanes in order of precedence, for a listing that changes while its case is open.
_PRECEDENCE: Final = (
    CaseLane.APPEAL,
    CaseLane.COMPLAINT,
    CaseLane.ASK_BRAND,
    CaseLane.ANALYST,
    CaseLane.AUDIT,
    CaseLane.INSUFFICIENT_EVIDENCE,
    CaseLane.SECOND_REVIEW,
)


def lane_after_change(before: CaseLane, routed: CaseLane) -> CaseLane:
    """The lane of the case that follows a stale one: editing a listing never lowers the attention it gets."""
    return min(before, routed, key=_PRECEDENCE.index)
