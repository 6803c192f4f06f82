"""The allowed steps of a test buy, for every state and event."""

import itertools

import pytest

from models.errors import Conflict, DomainError, Invalid
from models.verdict import Judgement
from serving.review.rules.test_buy import Custody, CustodyEvent, TestBuyState, check_finding, check_on_file, step

S, E = TestBuyState, CustodyEvent
LENA, LAB = "Lena Okafor", "Laboratoire Duval"
ALLOWED = {
    (S.ORDERED, E.RECEIVE): S.RECEIVED,
    (S.ORDERED, E.CANCEL): S.CANCELLED,
    (S.RECEIVED, E.HAND_OVER): S.RECEIVED,
    (S.RECEIVED, E.INSPECT): S.INSPECTED,
    (S.RECEIVED, E.CANCEL): S.CANCELLED,
    (S.INSPECTED, E.HAND_OVER): S.INSPECTED,
    (S.INSPECTED, E.INSPECT): S.INSPECTED,
    (S.INSPECTED, E.EXAMINE): S.CLOSED,
    (S.INSPECTED, E.CANCEL): S.CANCELLED,
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_each_event_is_allowed_or_refused_in_each_state(state: TestBuyState, event: CustodyEvent) -> None:
    holder = LAB if event is E.HAND_OVER else LENA
    if (state, event) not in ALLOWED:
        with pytest.raises(Conflict, match=r"\.$"):
            step(Custody(state, LENA), event, holder)
        return
    assert step(Custody(state, LENA), event, holder) == Custody(
        ALLOWED[state, event], LENA if event is E.CANCEL else holder
    )


def test_a_cancellation_leaves_the_goods_with_their_holder() -> None:
    assert step(Custody(S.RECEIVED, LENA), E.CANCEL, LAB) == Custody(S.CANCELLED, LENA)


@pytest.mark.parametrize("event", [E.INSPECT, E.EXAMINE])
def test_nobody_examines_goods_that_are_with_somebody_else(event: CustodyEvent) -> None:
    with pytest.raises(Conflict, match=f"The goods are with {LENA}; hand them over first"):
        step(Custody(S.INSPECTED, LENA), event, LAB)


def test_goods_are_handed_to_somebody_else() -> None:
    with pytest.raises(Conflict, match="with Lena Okafor already"):
        step(Custody(S.RECEIVED, LENA), E.HAND_OVER, LENA)


@pytest.mark.parametrize("judgement", Judgement)
def test_an_examination_says_what_the_goods_are(judgement: Judgement) -> None:
    if judgement in {Judgement.WITHDRAWN, Judgement.NEEDS_TEST_BUY}:
        with pytest.raises(Invalid, match="bought and examined"):
            check_finding(judgement)
    else:
        check_finding(judgement)


ON_FILE: list[tuple[list[TestBuyState], type[DomainError] | None, str]] = [
    ([], Invalid, "none was ever ordered"),
    ([S.CANCELLED], Invalid, "it was cancelled"),
    ([S.ORDERED], Conflict, "the goods have not arrived"),
    ([S.RECEIVED], Conflict, "the goods have not been inspected"),
    ([S.INSPECTED], Conflict, "there is no finding yet"),
    ([S.CLOSED], None, "the goods were examined"),
    ([S.CANCELLED, S.CLOSED, S.ORDERED], None, "an earlier test buy has a finding"),
]


@pytest.mark.parametrize(("states", "refused", "_why"), ON_FILE)
def test_a_judgement_rests_on_a_test_buy_only_where_one_brought_a_finding(
    states: list[TestBuyState], refused: type[DomainError] | None, _why: str
) -> None:
    if refused is None:
        check_on_file(states)
        return
    with pytest.raises(refused):
        check_on_file(states)
