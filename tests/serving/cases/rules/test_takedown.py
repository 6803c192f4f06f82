import pytest

from features.message import message
from models.errors import Invalid
from serving.cases.policy import DEFAULT_TAKEDOWN
from serving.cases.rules.takedown_request import (
    Fate,
    RequestItem,
    counts_by_fate,
    distinct_items,
    fate_of,
    outcome_messages,
)
from serving.webhooks.rules.action import ActionState

MOST = DEFAULT_TAKEDOWN.most_listings


def items_of(many: int) -> list[RequestItem]:
    return [RequestItem(f"cas_{number}", f"ver_{number}") for number in range(many)]


def test_a_request_names_at_most_three_hundred_listings() -> None:
    assert MOST == 300
    assert distinct_items(items_of(MOST), DEFAULT_TAKEDOWN) == tuple(items_of(MOST))
    with pytest.raises(Invalid, match="One request can contain at most 300 listings, not 301"):
        distinct_items(items_of(MOST + 1), DEFAULT_TAKEDOWN)


def test_a_listing_that_is_named_twice_counts_once() -> None:
    assert distinct_items([*items_of(2), *items_of(1)], DEFAULT_TAKEDOWN) == tuple(items_of(2))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], "Choose at least one listing"),
        ([RequestItem("cas_1", "ver_1"), RequestItem("cas_1", "ver_2")], "two versions"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(items: list[RequestItem], expected: str) -> None:
    with pytest.raises(Invalid, match=expected):
        distinct_items(items, DEFAULT_TAKEDOWN)


@pytest.mark.parametrize(
    ("state", "fate"),
    [
        (None, Fate.PASSED_ON),  # No removal was requested: an analyst decides.
        (ActionState.PENDING_APPROVAL, Fate.PENDING_APPROVAL),
        (ActionState.SCHEDULED, Fate.LEAVES),
        (ActionState.SENDING, Fate.LEAVES),  # It joined a removal that is being sent.
    ],
)
def test_what_a_confirmation_came_to(state: ActionState | None, fate: Fate) -> None:
    assert fate_of(state) is fate


def test_a_request_is_answered_in_words() -> None:
    counts = counts_by_fate([Fate.LEAVES] * 20 + [Fate.PENDING_APPROVAL] + [Fate.REFUSED] * 2)
    assert counts[Fate.PASSED_ON] == 0
    assert outcome_messages(counts) == (
        message("request.leaves", n=20),
        message("request.pending_approval", n=1),
        message("request.refused", n=2),
    )
