import json
from collections.abc import Sequence

import numpy as np
import pytest

from features.priors import FAKE_RETURNS, NO_PRIORS, RETURNS, Prior, Priors, estimate


def sellers(mean: float, strength: float, n: int, sold: Sequence[int], seed: int = 0) -> list[tuple[float, float]]:
    """Returns of n sellers whose true shares are drawn from a beta distribution."""
    random = np.random.default_rng(seed)
    shares = random.beta(mean * strength, (1 - mean) * strength, n)
    return [
        (float(random.binomial(whole, share)), float(whole))
        for share, whole in zip(shares, np.resize(sold, n), strict=True)
    ]


TRUE = [(0.08, 20.0), (0.3, 8.0), (0.15, 100.0)]


@pytest.mark.parametrize(("mean", "strength"), TRUE)
def test_the_shares_that_made_the_counts_are_found_again(mean: float, strength: float) -> None:
    """Averaged over ten draws of 2,000 sellers, because the strength of one draw is known to a tenth or so."""
    found = [estimate(sellers(mean, strength, 2_000, (5, 40, 200), seed), otherwise=RETURNS) for seed in range(10)]
    assert np.mean([one.mean for one in found]) == pytest.approx(mean, rel=0.03)
    assert np.mean([1 / (one.strength + 1) for one in found]) == pytest.approx(1 / (strength + 1), rel=0.1)


def test_sellers_that_are_all_alike_leave_little_room_to_differ() -> None:
    random = np.random.default_rng(1)
    cases = [(float(random.binomial(100, 0.1)), 100.0) for _ in range(500)]
    assert estimate(cases, otherwise=RETURNS).strength > 200


def test_sellers_of_whom_all_or_nothing_comes_back_are_believed_at_once() -> None:
    cases = [(10.0, 10.0)] * 20 + [(0.0, 10.0)] * 80
    assert tuple(estimate(cases, otherwise=RETURNS)) == pytest.approx((0.2, 2.0, 100))


def test_one_large_seller_is_not_the_marketplace() -> None:
    cases = [(1.0, 20.0)] * 99 + [(500_000.0, 1_000_000.0)]
    assert estimate(cases, otherwise=RETURNS).mean == pytest.approx((99 + 250) / (99 * 20 + 500))


TOO_LITTLE: list[tuple[list[tuple[float, float]], str]] = [
    ([], "nobody"),
    ([(5.0, 20.0)] * 29, "29 sellers"),
    ([(0.0, 20.0)] * 91 + [(1.0, 20.0)] * 9, "nine cases"),
    ([(0.0, 0.0)] * 100, "no sales"),
    ([(20.0, 20.0)] * 100, "everything came back"),
]


@pytest.mark.parametrize(("cases", "_why"), TOO_LITTLE)
def test_where_too_little_is_known_the_stated_constants_hold(cases: list[tuple[float, float]], _why: str) -> None:
    assert estimate(cases, otherwise=RETURNS) == RETURNS


def test_one_sale_each_says_what_is_usual_but_not_how_sellers_differ() -> None:
    cases = [(1.0, 1.0)] * 20 + [(0.0, 1.0)] * 180
    assert tuple(estimate(cases, otherwise=RETURNS)) == pytest.approx((0.1, RETURNS.strength, 200))


def test_a_part_above_its_whole_counts_as_the_whole() -> None:
    """Two counts may have been taken at different moments."""
    over, exact = ([(part, 10.0)] * 20 + [(1.0, 10.0)] * 80 for part in (12.0, 10.0))
    assert estimate(over, otherwise=RETURNS) == estimate(exact, otherwise=RETURNS)


def test_a_marketplace_full_of_fakes_does_not_pass_for_the_norm() -> None:
    cases = [(2.0, 20.0)] * 200
    assert estimate(cases, otherwise=FAKE_RETURNS, most=0.01).mean == 0.01


def test_priors_come_back_from_json() -> None:
    found = Priors(item_returns=Prior(0.123, 45.6, 789))
    assert Priors.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    assert Priors.from_dict({}) == NO_PRIORS


@pytest.mark.parametrize(
    "values",
    [
        [0.0, 20.0, 1],
        [1.0, 20.0, 1],
        [float("nan"), 20.0, 1],
        [0.1, 0.0, 1],
        ["x", 1, 1],
        [0.1, True, 1],
        [0.1, 1, 0.5],
        [0.1, 1, -1],
        [0.1, 1, 10**400],
    ],
)
def test_a_damaged_prior_is_refused(values: list[object]) -> None:
    with pytest.raises(ValueError, match=r"no share|no number"):
        Priors.from_dict({"item_returns": values})
