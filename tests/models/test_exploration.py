import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.exploration import chance_of_review, is_new_seller
from models.policies.deciding import RoutingPolicy
from tests.fixtures.strategies import PROPERTY

POLICY = RoutingPolicy(
    audit_least_share=0.01, audit_newcomer_share=0.02, audit_most_share=0.4, newcomer_days=7.0, newcomer_spread=0.5
)
HALF_THE_ODDS = 0.2 / 1.8  # Of a line at .2, whose odds are one to four.

CHANCES = [
    (0.0, True, 0.02, "sure, of a seller that nobody knows"),
    (0.01, True, 0.02, "far below the line is drawn at the floor"),
    (HALF_THE_ODDS, True, 0.0828, "half the odds of the line: 1.39 deviations of the guess below it"),
    (0.2, True, 0.4, "on the line it would be one in two, and more than the most is no draw"),
    (0.0, False, 0.01, "the model is sure, and is put to the test all the same"),
    (HALF_THE_ODDS, False, 0.01, "of a seller that is known a probability is no guess"),
    (0.1999, False, 0.01, "however near the line"),
]


@pytest.mark.parametrize(("probability", "is_new_seller", "expected", "_why"), CHANCES)
def test_the_chance_of_a_review(probability: float, is_new_seller: bool, expected: float, _why: str) -> None:
    assert chance_of_review(probability, 0.2, is_new_seller=is_new_seller, policy=POLICY) == pytest.approx(
        expected, abs=1e-4
    )


def test_a_line_that_nothing_reaches_leaves_the_floor() -> None:
    assert chance_of_review(0.5, 1.0, is_new_seller=True, policy=POLICY) == POLICY.audit_newcomer_share


@PROPERTY
@given(st.floats(0, 1), st.floats(0, 1), st.booleans())
def test_no_listing_is_out_of_reach_and_none_is_certain(probability: float, line: float, is_new_seller: bool) -> None:
    chance = chance_of_review(probability, line, is_new_seller=is_new_seller, policy=POLICY)
    assert POLICY.audit_least_share <= chance <= POLICY.audit_most_share < 1


@PROPERTY
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
def test_what_is_nearer_the_line_is_drawn_at_least_as_often(first: float, second: float, line: float) -> None:
    low, high = sorted((first, second))
    chances = [chance_of_review(one, line, is_new_seller=True, policy=POLICY) for one in (low, high)]
    assert chances[0] <= chances[1]


NEW_SELLERS = [
    (None, 0, True, "nobody knows whose listing it is"),
    (0.0, 0, True, "its first listing"),
    (6.99, 0, True, "first seen within the week"),
    (7.0, 0, False, "a week is over"),
    (0.0, 1, False, "somebody has judged it"),
    (None, 1, False, "a reviewed seller is known"),
    (math.inf, 0, False, "always there"),
]


@pytest.mark.parametrize(("known_days", "judged", "expected", "_why"), NEW_SELLERS)
def test_which_sellers_are_new(known_days: float | None, judged: int, expected: bool, _why: str) -> None:
    assert is_new_seller(known_days, judged, POLICY) is expected
