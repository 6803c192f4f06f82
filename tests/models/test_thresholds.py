"""Promised thresholds, on markets small enough to be worked out by hand.

At a target of .8 a seller with one listing adds 1 where it is right and -4 where it is wrong. With a share p of right
ones among f accused sellers the total is f(5p - 4) and the squares about the mean add to 25f x p(1 - p), so the rule
asks for f >= 2 x 1.645^2 x 25 p(1 - p) / (5p - 4)^2, and for f x .2^2 >= 1; of some threshold it asks for three times
the first.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import beta, norm

from features.message import message
from models.policies.learning import DEFAULT_PROMISE
from models.thresholds import Decline, Promise, promise_threshold
from models.workload import Workload, expected_harms, thresholds_by_capacity

Market = tuple[NDArray[np.int8], NDArray[np.float64], NDArray[np.intp]]
Tier = tuple[float, int, int, int]

CLEAR: Tier = (0.9, 180, 1, 0)
WRONG: Tier = (0.9, 20, 0, 1)
REST: Tier = (0.1, 100, 0, 2)


def market(*tiers: Tier) -> Market:
    """Each tier is a score, a number of sellers, and how many listings of each are right and wrong."""
    labels: list[int] = []
    scores: list[float] = []
    sellers: list[int] = []
    seller = 0
    for score, number, right, wrong in tiers:
        for _ in range(number):
            labels += [1] * right + [0] * wrong
            scores += [score] * (right + wrong)
            sellers += [seller] * (right + wrong)
            seller += 1
    return np.array(labels, dtype=np.int8), np.array(scores), np.array(sellers, dtype=np.intp)


def promise_for(*tiers: Tier, precision: float = 0.8, confidence: float = 0.95) -> Promise | Decline:
    return promise_threshold(*market(*tiers), precision=precision, confidence=confidence)


def as_promise(decision: Promise | Decline) -> Promise:
    assert isinstance(decision, Promise), decision
    return decision


def as_decline(decision: Promise | Decline) -> Decline:
    assert isinstance(decision, Decline), decision
    return decision


def test_a_clear_market_is_promised_at_a_score_that_occurs_with_all_that_share_it() -> None:
    promise = as_promise(promise_for(CLEAR, WRONG, REST))
    assert (promise.threshold, promise.flagged_listings, promise.flagged_sellers) == (0.9, 200, 200)
    assert (promise.precision, promise.recall) == (0.9, 1.0)


def test_recall_counts_the_counterfeits_below_the_threshold() -> None:
    assert as_promise(promise_for(CLEAR, WRONG, (0.1, 60, 1, 9))).recall == 0.75


def test_the_lowest_threshold_that_holds_is_chosen() -> None:
    assert as_promise(promise_for(CLEAR, WRONG, (0.8, 180, 1, 0), (0.8, 20, 0, 1), REST)).threshold == 0.8


def test_a_lower_threshold_needs_no_reserve_once_a_stricter_one_has_it() -> None:
    """200 sellers at .9 hold with the reserve; 400 at .85 hold without it (276.0), and alone are no promise."""
    lower: tuple[Tier, ...] = ((0.8, 160, 1, 0), (0.8, 40, 0, 1), REST)
    assert as_promise(promise_for(CLEAR, WRONG, *lower)).threshold == 0.8
    assert isinstance(promise_for((0.8, 180, 1, 0), (0.8, 20, 0, 1), *lower), Decline)


DECISIONS = [
    ((0.9, 25, 1, 0), (0.1, 1, 0, 1), 0.8, 0.95, True, "twenty-five sellers, all right, are the fewest"),
    ((0.9, 24, 1, 0), (0.1, 1, 0, 1), 0.8, 0.95, False, "one fewer"),
    ((0.9, 24, 10, 0), (0.1, 1, 0, 1), 0.8, 0.95, False, "nor with ten listings each"),
    ((0.9, 99, 1, 0), (0.1, 1, 0, 1), 0.9, 0.95, False, "a stricter target asks for a hundred"),
    ((0.9, 101, 1, 0), (0.1, 1, 0, 1), 0.9, 0.95, True, "which are enough"),
    # p = .9: 3 x 5.411 x 25 x .09 / .25 = 146.1 sellers.
    ((0.9, 135, 1, 0), (0.9, 15, 0, 1), 0.8, 0.95, True, "150 sellers at .9 are enough"),
    ((0.9, 126, 1, 0), (0.9, 14, 0, 1), 0.8, 0.95, False, "140 sellers at .9 are too few"),
    ((0.9, 126, 5, 0), (0.9, 14, 0, 5), 0.8, 0.95, False, "five listings each are no independent evidence"),
    # p = .85: 828.0 sellers; at .99 1,655.9; at .9 502.6; for .81 1,293.7; for .79 574.8.
    ((0.9, 714, 1, 0), (0.9, 126, 0, 1), 0.8, 0.95, True, "840 sellers at .85 are enough"),
    ((0.9, 697, 1, 0), (0.9, 123, 0, 1), 0.8, 0.95, False, "820 are too few"),
    ((0.9, 714, 1, 0), (0.9, 126, 0, 1), 0.8, 0.99, False, "840 are too few to be surer"),
    ((0.9, 697, 1, 0), (0.9, 123, 0, 1), 0.8, 0.9, True, "820 are enough to be less sure"),
    ((0.9, 714, 1, 0), (0.9, 126, 0, 1), 0.81, 0.95, False, "840 are too few for a higher target"),
    ((0.9, 697, 1, 0), (0.9, 123, 0, 1), 0.79, 0.95, True, "820 are enough for a lower one"),
    # 300 less 40: 3 x .15 times as many would do. 600 less 48: 3 x .05; 600 less 320: 3 x 7.2 without a cap.
    ((0.9, 100, 3, 0), (0.9, 1, 0, 10), 0.8, 0.95, True, "one seller wrong ten times"),
    ((0.9, 200, 3, 0), (0.9, 1, 0, 80), 0.8, 0.95, True, "eighty wrong listings of one seller count as twelve"),
    ((0.9, 200, 3, 0), (0.9, 1, 0, 160), 0.8, 0.95, False, "but losses in full may not outweigh what is right"),
    ((0.9, 200, 3, 0), (0.9, 5, 0, 15), 0.8, 0.95, False, "nor may five sellers be wrong fifteen times"),
    # Sixty count as fifteen: 1,500 less 400; 1,500 less 1,600 in full.
    ((0.9, 100, 60, 0), (0.9, 10, 0, 10), 0.8, 0.95, True, "ten sellers wrong ten times among large ones"),
    ((0.9, 100, 60, 0), (0.9, 10, 0, 40), 0.8, 0.95, False, "sixty right listings a seller count as fifteen"),
]


@pytest.mark.parametrize(("right", "wrong", "precision", "confidence", "holds", "_why"), DECISIONS)
def test_what_is_promised(
    right: Tier, wrong: Tier, precision: float, confidence: float, holds: bool, _why: str
) -> None:
    decision = promise_for(right, wrong, REST, precision=precision, confidence=confidence)
    assert isinstance(decision, Promise) is holds, decision


def test_a_few_large_sellers_carry_no_promise_and_more_like_them_would_not_help() -> None:
    """Precision is (3 x 400 + 40) of 1,300, or .95; among all but three sellers it is .4."""
    decline = as_decline(promise_for((0.9, 3, 400, 0), (0.9, 40, 1, 0), (0.9, 60, 0, 1), REST))
    assert decline.needed_sellers is None
    assert decline.reason == message("threshold.large_sellers", target=0.8)


def test_sellers_needed_are_worked_out_from_those_at_hand() -> None:
    """260 accused of 360, and 828.0 are needed: 360 x 828.0 / 260 = 1,146.4 in all."""
    decline = as_decline(promise_for((0.9, 221, 1, 0), (0.9, 39, 0, 1), REST))
    assert decline.needed_sellers == 1147
    assert decline.reason == message("threshold.few_sellers", n=360, target=0.8, needed=1147)


def test_as_many_sellers_of_the_same_kind_as_are_needed_make_a_promise() -> None:
    tiers: tuple[Tier, ...] = ((0.9, 34, 2, 0), (0.9, 6, 0, 2), (0.1, 60, 0, 3))
    needed = as_decline(promise_for(*tiers)).needed_sellers
    assert needed is not None
    times = -(-needed // 100)
    assert (
        as_promise(promise_for(*((score, n * times, right, wrong) for score, n, right, wrong in tiers))).threshold
        == 0.9
    )
    assert isinstance(
        promise_for(*((score, n * (times - 1), right, wrong) for score, n, right, wrong in tiers)), Decline
    )


def test_the_bound_is_the_highest_precision_that_would_be_promised_here() -> None:
    tiers = ((0.9, 280, 1, 0), (0.9, 20, 0, 1), REST)
    bound = as_promise(promise_for(*tiers)).bound
    assert 0.8 < bound < 280 / 300
    assert isinstance(promise_for(*tiers, precision=bound), Promise)
    assert isinstance(promise_for(*tiers, precision=bound + 1e-6), Decline)


def test_accused_sellers_are_counted_one_each() -> None:
    """Shares 1 and 0, not 3 of 4 listings. One more 0: mean 90/101, s^2 = 90 x 11 / (101 x 100), two samples of 101."""
    estimate = as_promise(promise_for((0.9, 90, 3, 0), (0.9, 10, 0, 1), REST)).by_seller
    assert estimate.observed == 0.9
    assert estimate.bound == pytest.approx(90 / 101 - 1.644854 * (2 * 90 * 11 / (101 * 100) / 101) ** 0.5)


def test_a_policy_is_followed() -> None:
    few, large = market((0.9, 24, 1, 0), REST), market((0.9, 100, 60, 0), (0.9, 10, 0, 40), REST)
    lenient = replace(DEFAULT_PROMISE, fewest_sellers=0.96)
    assert isinstance(promise_threshold(*few, precision=0.8, confidence=0.95, policy=lenient), Promise)
    trusting = replace(DEFAULT_PROMISE, most_right_listings=60.0)
    assert isinstance(promise_threshold(*large, precision=0.8, confidence=0.95, policy=trusting), Promise)
    wary = replace(DEFAULT_PROMISE, most_wrong_listings=80.0)
    large_loser = market((0.9, 200, 3, 0), (0.9, 1, 0, 80), REST)
    assert isinstance(promise_threshold(*large_loser, precision=0.8, confidence=0.95, policy=wary), Decline)
    hasty, fifty = replace(DEFAULT_PROMISE, reserve=1.0), market((0.9, 45, 1, 0), (0.9, 5, 0, 1), REST)
    assert isinstance(promise_threshold(*fifty, precision=0.8, confidence=0.95, policy=hasty), Promise)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_neither_order_nor_names_of_sellers_decide(seed: int) -> None:
    random = np.random.default_rng(seed)
    labels, scores, sellers = market(CLEAR, WRONG, (0.8, 150, 3, 1), REST)
    order, names = random.permutation(len(labels)), random.permutation(int(sellers.max()) + 1)
    again = promise_threshold(labels[order], scores[order], names[sellers][order], precision=0.8, confidence=0.95)
    assert again == promise_threshold(labels, scores, sellers, precision=0.8, confidence=0.95)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0.5, 0.99), st.floats(0.5, 0.99))
def test_more_confidence_never_lowers_a_threshold(seed: int, first: float, second: float) -> None:
    less, more = sorted((first, second))
    chance = a_random_market(seed)
    surer = promise_threshold(*chance, precision=0.7, confidence=more)
    if isinstance(surer, Promise):
        assert as_promise(promise_threshold(*chance, precision=0.7, confidence=less)).threshold <= surer.threshold


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_only_the_order_of_scores_matters(seed: int) -> None:
    labels, scores, sellers = a_random_market(seed)
    decision = promise_threshold(labels, scores, sellers, precision=0.7, confidence=0.8)
    bent = promise_threshold(labels, scores**3 + 5 * scores, sellers, precision=0.7, confidence=0.8)
    if isinstance(decision, Decline):
        assert bent == decision
    else:
        assert bent == replace(decision, threshold=decision.threshold**3 + 5 * decision.threshold)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_figures_of_a_threshold_count_every_listing_that_shares_it(seed: int) -> None:
    labels, scores, sellers = a_random_market(seed)
    decision = promise_threshold(labels, scores, sellers, precision=0.7, confidence=0.8)
    if isinstance(decision, Promise):
        flagged = scores >= decision.threshold
        assert decision.flagged_listings == flagged.sum()
        assert decision.flagged_sellers == len(np.unique(sellers[flagged]))
        assert decision.precision == pytest.approx(labels[flagged].mean())
        assert decision.recall == pytest.approx(labels[flagged].sum() / labels.sum())
        assert 0.7 <= decision.bound <= decision.precision


def a_random_market(seed: int) -> Market:
    """600 sellers of uneven size; scores in tenths, so that many are equal."""
    random = np.random.default_rng(seed)
    sellers = np.repeat(np.arange(600), np.minimum(random.zipf(1.8, 600), 60)).astype(np.intp)
    scores = np.round(random.random(len(sellers)), 1)
    return (random.random(len(sellers)) < scores**0.5).astype(np.int8), scores, sellers


def test_with_one_listing_a_seller_it_agrees_with_learn_then_test() -> None:
    """Exact binomial tests from the strictest threshold down, at the level that leaves the unseen set its noise too.

    A promise on one sample about another of its size bears twice the variance: 1.645 standard deviations of the
    difference are 1.645 x sqrt(2) of the sample's own, so the test of the population's precision runs at that level.
    """
    random = np.random.default_rng(5)
    scores = random.random(20_000)
    labels = (random.random(20_000) < scores**2).astype(np.int8)
    level = norm.sf(norm.isf(0.05) * 2**0.5)
    order = np.argsort(-scores)
    flagged = np.arange(1, len(order) + 1)
    right = np.cumsum(labels[order])
    passed = (beta.ppf(level, right, flagged - right + 1) >= 0.8) | (flagged < 300)
    expected = scores[order[np.flatnonzero(~passed)[0] - 1]]
    promise = as_promise(promise_threshold(labels, scores, np.arange(20_000), precision=0.8, confidence=0.95))
    assert promise.threshold == pytest.approx(expected, abs=0.02)


SCORES = np.array([0.9, 0.8, 0.8, 0.4, 0.95, 0.2])
TEAMS = np.array(["A", "A", "A", "A", "B", "B"])

CASES = [
    ({"A": 1.0}, 1.0, {"A": Workload(0.9, 1.0)}, "the first alone"),
    ({"A": 2.0}, 1.0, {"A": Workload(0.9, 1.0)}, "equal scores are reviewed together or not at all"),
    ({"A": 3.0}, 1.0, {"A": Workload(0.8, 3.0)}, "exactly what the team can do"),
    ({"A": 1.5}, 2.0, {"A": Workload(0.8, 1.5)}, "two days' listings"),
    ({"A": 50.0}, 1.0, {"A": Workload(0.4, 4.0)}, "more than there is to do"),
    ({"A": 0.4}, 2.0, {"A": Workload(None, 0.0)}, "one in two days is already too many"),
    ({"C": 5.0}, 1.0, {"C": Workload(None, 0.0)}, "a team without listings"),
    ({"A": 1.0, "B": 1.0}, 1.0, {"A": Workload(0.9, 1.0), "B": Workload(0.95, 1.0)}, "each team by its own listings"),
]


@pytest.mark.parametrize(("capacity", "days", "expected", "_why"), CASES)
def test_a_team_reviews_what_it_can(
    capacity: dict[str, float], days: float, expected: dict[str, Workload], _why: str
) -> None:
    assert thresholds_by_capacity(SCORES, TEAMS, days=days, capacity=capacity) == expected


@given(st.lists(st.integers(0, 5), max_size=30), st.floats(0.1, 40), st.floats(0.5, 10))
def test_the_volume_is_within_the_capacity_and_one_score_lower_is_not(
    tenths: list[int], daily: float, days: float
) -> None:
    scores = np.array(tenths, dtype=np.float64)
    workload = thresholds_by_capacity(scores, np.full(len(scores), "A"), days=days, capacity={"A": daily})["A"]
    threshold = np.inf if workload.threshold is None else workload.threshold
    assert workload.daily == pytest.approx((scores >= threshold).sum() / days)
    assert workload.daily <= daily + 1e-6
    lower = scores[scores < threshold]
    if len(lower):
        assert (scores >= lower.max()).sum() / days > daily


def test_harm_is_probability_times_exposure_times_risk() -> None:
    """A sure copy that nobody sees harms less than a doubtful one of medicine that many buy."""
    harms = expected_harms(np.array([1.0, 0.2]), np.array([2.0, 100.0]), np.array([1.0, 3.0]))
    assert harms.tolist() == pytest.approx([2.0, 60.0])


@pytest.mark.parametrize(
    ("probability", "exposure", "risk"), [(1.1, 1.0, 1.0), (-0.1, 1.0, 1.0), (0.5, -1.0, 1.0), (0.5, 1.0, -1.0)]
)
def test_what_has_no_order_is_refused(probability: float, exposure: float, risk: float) -> None:
    with pytest.raises(ValueError, match=r"probabilities|below zero"):
        expected_harms(np.array([probability]), np.array([exposure]), np.array([risk]))


@pytest.mark.parametrize(("probability", "exposure", "risk"), [(0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)])
def test_what_cannot_happen_or_reaches_nobody_or_hurts_nobody_harms_nobody(
    probability: float, exposure: float, risk: float
) -> None:
    assert expected_harms(np.array([probability]), np.array([exposure]), np.array([risk])).tolist() == [0.0]
