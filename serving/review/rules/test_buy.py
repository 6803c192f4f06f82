"""A test buy: what may follow what while goods are bought, handed on and examined. Standard library only."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from features.phrase import Phrase
from models.errors import Conflict, Invalid
from models.verdict import Judgement

# How lines of a case's timeline begin that say what happened to the goods.
IN_TIMELINE: Final = "Test buy, "


class TestBuyState(StrEnum):
    """Where the goods are on their way. `closed` has a verdict, `cancelled` never will."""

    __test__ = False

    ORDERED = "ordered"
    RECEIVED = "received"
    INSPECTED = "inspected"
    CLOSED = "closed"
    CANCELLED = "cancelled"


class CustodyEvent(StrEnum):
    """The events of the goods."""

    ORDER = "order"
    RECEIVE = "receive"
    HAND_OVER = "hand_over"
    INSPECT = "inspect"
    EXAMINE = "examine"
    CANCEL = "cancel"


class Examiner(StrEnum):
    """The examiner of the goods: the rights holder, or a laboratory for it."""

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
    # A second inspection is a further page of the log, as where a laboratory opens what the brand has looked at.
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
# "Cannot tell" is a valid finding of the person who held the goods; "another test buy" is not.
_FINDINGS: Final = frozenset(Judgement) - {Judgement.WITHDRAWN, Judgement.NEEDS_TEST_BUY}


@dataclass(frozen=True, slots=True)
class Custody:
    """Where the goods are and who holds them; nobody between the order and the receipt."""

    state: TestBuyState
    holder: str | None


def step(before: Custody, event: CustodyEvent, holder: str) -> Custody:
    """The custody after an event at which somebody holds the goods.

    The log is a chain: the person who inspects or examines must be the last recipient of the goods. Every period
    therefore has a named holder.

    Raises
    ------
    Conflict
        The event is impossible now, or somebody else holds the goods; the sentence names the holder.
    """
    after = _FOLLOWING.get((before.state, event))
    if after is None:
        raise Conflict(_WHY_NOT[before.state])
    if event in {_E.INSPECT, _E.EXAMINE} and holder != before.holder:
        raise Conflict("The goods are with {holder}; hand them over first.", holder=str(before.holder))
    if event is _E.HAND_OVER and holder == before.holder:
        raise Conflict("The goods are with {holder} already.", holder=holder)
    return Custody(after, before.holder if event is _E.CANCEL else holder)


def check_on_file(states: Collection[TestBuyState]) -> None:
    """Refuse a judgement that rests on a test buy where none of the listing has brought a finding.

    `states` are those of all test buys of the listing. Bought goods outweigh every opinion in training, so a claim
    without supporting documents could overrule everybody.

    Raises
    ------
    Conflict
        A test buy is running: the holder of the goods records its finding there.
    Invalid
        There is no test buy, or all were cancelled.
    """
    if TestBuyState.CLOSED in states:
        return
    if any(state is not TestBuyState.CANCELLED for state in states):
        raise Conflict("The test buy of this listing is running; what the goods are is recorded with it.")
    raise Invalid("There is no test buy of this listing on file. Judge what the listing shows, or order a test buy.")


def check_finding(judgement: Judgement) -> None:
    """Refuse what is no finding of an examination.

    Raises
    ------
    Invalid
        The goods were examined; to ask for a test buy or to withdraw is no answer.
    """
    if judgement not in _FINDINGS:
        raise Invalid("The goods have been bought and examined: say what they are, or that it cannot be told.")
