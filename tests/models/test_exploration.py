import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.exploration import chance_of_review
from models.policies.routing import RoutingPolicy
from tests.fixtures.strategies import PROPERTY

POLICY = RoutingPolicy(audit_share=0.03, audit_least_share=0.01, audit_doubt_share=0.1, audit_most_share=0.04)

CHANCES = [
    (None, 0.03, "before the first model everything is as doubtful"),
    (0.001, 0.01, "the model is sure, and is put to the test all the same"),
    (0.02, 0.1 * 0.14, "a tenth of the standard deviation"),
    (0.1, 0.1 * 0.3, "twice as doubtful, twice as likely"),
    (0.5, 0.04, "more would be no draw any more"),
    (1.0, 0.01, "sure of the contrary is sure as well"),
]


@pytest.mark.parametrize(("probability", "expected", "_why"), CHANCES, ids=[row[-1] for row in CHANCES])
def test_the_chance_of_a_review(probability: float | None, expected: float, _why: str) -> None:
    assert chance_of_review(probability, POLICY) == pytest.approx(expected)


@PROPERTY
@given(st.floats(0, 1))
def test_no_listing_is_out_of_reach_and_none_is_certain(probability: float) -> None:
    assert POLICY.audit_least_share <= chance_of_review(probability, POLICY) <= POLICY.audit_most_share < 1
