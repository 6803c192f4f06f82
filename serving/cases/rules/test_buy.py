"""A test buy: the allowed steps while goods are bought, handed over and examined."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, TypeVar

from features.phrase import Phrase
from models.errors import Conflict, Invalid, require
from models.verdict import Judgement

# The prefix of lines about the goods in a case's timeline.
IN_TIMELINE: Final = "Test buy, "
LONGEST_REFERENCE: Final = 200
LONGEST_NOTE: Final = 2_000
_When = TypeVar("_When", date, datetime)


class TestBuyState(StrEnum):
    """The state of a test buy. `closed` has a verdict; `cancelled` never gets one."""

    __test__ = False

    ORDERED = "ordered"
    RECEIVED = "received"
    INSPECTED = "inspected"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CustodyEvent(StrEnum):
    ORDER = "order"
    RECEIVE = "receive"
    HAND_OVER = "hand_over"
    INSPECT = "inspect"
    EXAMINE = "examine"
    CANCEL = "cancel"


class Examiner(StrEnum):
    """The examiner of the goods: the rights holder, or a laboratory on its behalf."""

    BRAND = "brand"
    LABORATORY = "laboratory"


_S, _E = TestBuyState, CustodyEvent
_FOLLOWING: Final = {
    (_S.ORDERED, _E.RECEIVE): _S.RECEIVED,
    (_S.ORDERED, _E.CANCEL): _S.CANCELLED,
    (_S.RECEIVED, _E.HAND_OVER): _S.RECEIVED,
    (_S.RECEIVED, _E.INSPECT): _S.INSPECTED,
    (_S.RECEIVED, _E.CANCEL): _S.CANCELLED,
    (_S.INSPECTED, _E.HAND_OVER): _S.INSPECTED,
    # A second inspection is one more line of the log, for example by a laboratory after the brand.
    (_S.INSPECTED, _E.INSPECT): _S.INSPECTED,
    (_S.INSPECTED, _E.EXAMINE): _S.CLOSED,
    (_S.INSPECTED, _E.CANCEL): _S.CANCELLED,
}
_WHY_NOT: Final = {
    _S.ORDERED: Phrase("The goods have not been received yet."),
    _S.RECEIVED: Phrase("The goods have been received and must be inspected before anybody says what they are."),
    _S.INSPECTED: Phrase("The goods have been inspected already."),
    _S.CLOSED: Phrase("The test buy is closed with a verdict."),
    _S.CANCELLED: Phrase("The test buy was cancelled."),
}
# "Cannot tell" is a valid finding of the examiner; "needs a test buy" is not.
_FINDINGS: Final = frozenset(Judgement) - {Judgement.WITHDRAWN, Judgement.NEEDS_TEST_BUY}


@dataclass(frozen=True, slots=True)
class Custody:
    """The state of a test buy and the holder of the goods; None between the order and the receipt."""

    state: TestBuyState
    holder: str | None


def custody_after(before: Custody, event: CustodyEvent, holder: str) -> Custody:
    """The custody after an event; `holder` is the person who holds the goods at that event.

    The log is a chain: the person who inspects or examines must be the last recipient of the goods. Every period
    therefore has a named holder.

    Raises Conflict (the event is impossible now, or somebody else holds the goods; the sentence names the holder).
    """
    after = require(_FOLLOWING.get((before.state, event)), _WHY_NOT[before.state], Conflict)
    if event in {_E.INSPECT, _E.EXAMINE} and holder != before.holder:
        raise Conflict("The goods are with {holder}; hand them over first.", holder=str(before.holder))
    if event is _E.HAND_OVER and holder == before.holder:
        raise Conflict("The goods are with {holder} already.", holder=holder)
    return Custody(after, before.holder if event is _E.CANCEL else holder)


def is_in_order(before: _When, at: _When, now: _When) -> bool:
    """Whether a step is not earlier than the one before it, and not in the future."""
    return before <= at <= now


def check_has_finding(states: Collection[TestBuyState]) -> None:
    """Refuse a judgement by test buy where no test buy of the listing has a finding.

    `states` are those of all test buys of the listing. A test buy outweighs every other verdict in training, so a claim
    without supporting documents could overrule everybody.

    Raises Conflict (a test buy is running: the holder of the goods records its finding there) or Invalid (there is no
    test buy, or all were cancelled).
    """
    if TestBuyState.CLOSED in states:
        return
    if any(state is not TestBuyState.CANCELLED for state in states):
        raise Conflict("A test buy of this listing is running. Record the finding there.")
    raise Invalid("There is no test buy of this listing on file. Judge what the listing shows, or order a test buy.")


def check_finding(judgement: Judgement) -> None:
    """Refuse a judgement that is not a finding of an examination.

    Raises Invalid (the judgement asks for a test buy or withdraws a verdict).
    """
    if judgement not in _FINDINGS:
        raise Invalid("The goods have been bought and examined. Choose what they are, or “Cannot tell”.")
