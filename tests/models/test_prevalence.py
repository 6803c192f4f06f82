from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.arrays import Floats
from models.prevalence import Estimate, SelectedListing, prevalence, recall
from tests.fixtures.strategies import PROPERTY

Rows = list[SelectedListing]


def flagged_rows(counterfeit: int, genuine: int, unanswered: int = 0) -> Rows:
    """Listings that are reviewed with certainty."""
    return [
        SelectedListing(1.0, answer)
        for answer, n in ((True, counterfeit), (False, genuine), (None, unanswered))
        for _ in range(n)
    ]


def drawn_rows(counterfeit: int, genuine: int, unanswered: int = 0, *, chance: float = 0.03) -> Rows:
    """Listings drawn at random among the rest."""
    return [SelectedListing(chance, row.counterfeit) for row in flagged_rows(counterfeit, genuine, unanswered)]


# By hand. Of equal chances, k finds among n draws of a rest of N: N times Garwood's exact interval of a Poisson count
# over n, which for 0 is (0, 3.689), for 1 (0.0253, 5.572), for 3 (0.6187, 8.767).
COUNTED = [
    (flagged_rows(10, 90), 100, 0.10, 0.10, 0.10, "all were looked at, so nothing is left to chance"),
    (flagged_rows(0, 5), 5, 0.0, 0.0, 0.0, "none there"),
    (drawn_rows(0, 30), 1_000, 0.0, 0.0, 3.689 / 30, "no find among 30 draws says at most 12 %"),
    (drawn_rows(1, 29), 1_000, 1 / 30, 0.0253 / 30, 5.572 / 30, "one find"),
    (drawn_rows(3, 27), 1_000, 0.1, 0.6187 / 30, 8.767 / 30, "three finds"),
    (
        flagged_rows(40, 60) + drawn_rows(1, 29),
        1_000,
        0.04 + 0.9 / 30,
        0.04 + 0.9 * 0.0253 / 30,
        0.04 + 0.9 * 5.572 / 30,
        "both",
    ),
    (
        flagged_rows(40, 60) + drawn_rows(1, 29, 7),
        1_000,
        0.04 + 0.9 / 30,
        0.04 + 0.9 * 0.0253 / 30,
        0.04 + 0.9 * 5.572 / 30,
        "who cannot tell says nothing",
    ),
    (drawn_rows(1, 0), 10, 1.0, 0.0253, 1.0, "a single draw can tell everything and proves nothing"),
]


@pytest.mark.parametrize(("rows", "listings", "share", "low", "high", "_why"), COUNTED)
def test_prevalence_by_hand(rows: Rows, listings: int, share: float, low: float, high: float, _why: str) -> None:
    estimate = prevalence(rows, listings=listings)
    assert estimate.share == pytest.approx(share)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-3)


def test_a_listing_speaks_for_the_inverse_of_its_chance() -> None:
    """A find drawn at 1 in 50 beside 10 genuine at 1 in 10: 50 of 150."""
    rows = drawn_rows(1, 0, chance=0.02) + drawn_rows(0, 10, chance=0.1)
    assert prevalence(rows, listings=150).share == pytest.approx(50 / 150)


def test_the_rest_is_as_many_as_it_is_known_to_be() -> None:
    """30 draws at 3 % stand for 1,000 listings in the mean; here there are 700."""
    assert prevalence(flagged_rows(10, 0) + drawn_rows(3, 27), listings=710).share == pytest.approx(
        (10 + 0.1 * 700) / 710
    )


def test_unanswered_questions_count_as_the_answered_do_and_widen_the_interval() -> None:
    """Of 100 asked, 80 answered, 20 of them 'counterfeit': 25 in all, at least 20 and at most 40."""
    estimate = prevalence(flagged_rows(20, 60, 20), listings=100)
    assert estimate.share == pytest.approx(0.25)
    assert 0.20 < estimate.low < 0.25 < estimate.high < 0.40


UNKNOWN = [
    ([], 100, 0.0, 1.0, "nobody looked"),
    (flagged_rows(10, 30), 100, 0.1, 0.7, "ten are sure, sixty were never drawn from"),
    (drawn_rows(0, 0, 3), 100, 0.0, 1.0, "no reviewer could tell for the sampled"),
    (
        flagged_rows(0, 0, 10) + drawn_rows(0, 90),
        100,
        0.0,
        0.1 + 0.9 * 3.689 / 90,
        "no reviewer could tell for the flagged",
    ),
]


@pytest.mark.parametrize(("rows", "listings", "low", "high", "_why"), UNKNOWN)
def test_without_an_answer_for_a_part_there_is_no_estimate_but_what_is_sure(
    rows: Rows, listings: int, low: float, high: float, _why: str
) -> None:
    estimate = prevalence(rows, listings=listings)
    assert estimate.share is None
    assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-3)


RECALLED = [
    (flagged_rows(40, 60) + drawn_rows(0, 30), 1_000, 1.0, 40 / (40 + 900 * 3.689 / 30), 1.0, "no miss was found"),
    (
        flagged_rows(40, 60) + drawn_rows(1, 29),
        1_000,
        40 / 70,
        40 / (40 + 30 * 5.572),
        40 / (40 + 30 * 0.0253),
        "one miss found",
    ),
    (flagged_rows(0, 60) + drawn_rows(1, 29), 1_000, 0.0, 0.0, 0.0, "only missed ones"),
    (flagged_rows(40, 60), 100, 1.0, 1.0, 1.0, "everything is flagged"),
    (drawn_rows(0, 30), 1_000, None, 0.0, 1.0, "no counterfeit anywhere"),
    (flagged_rows(40, 60), 140, None, 0.5, 1.0, "forty that nobody drew from may all be counterfeit"),
]


@pytest.mark.parametrize(("rows", "listings", "share", "low", "high", "_why"), RECALLED)
def test_recall_by_hand(rows: Rows, listings: int, share: float | None, low: float, high: float, _why: str) -> None:
    estimate = recall(rows, listings=listings)
    assert estimate.share == (None if share is None else pytest.approx(share))
    assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-3)


def test_an_estimate_says_what_it_rests_on() -> None:
    rows = flagged_rows(40, 50, 10) + drawn_rows(1, 19, 5) + drawn_rows(0, 10, chance=0.01)
    estimate = prevalence(rows, listings=2_000)
    assert (estimate.reviewed, estimate.audited) == (120, 30)
    heavy, light = 100.0, 1 / 0.03
    assert estimate.effective == pytest.approx((10 * heavy + 20 * light) ** 2 / (10 * heavy**2 + 20 * light**2))


@pytest.mark.parametrize("chance", [0.0, -0.1, 1.1, float("nan")])
def test_a_chance_that_is_none_is_refused(chance: float) -> None:
    with pytest.raises(ValueError, match="chance"):
        prevalence([SelectedListing(chance, counterfeit=True)], listings=10)


def test_fewer_listings_than_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="2 listings were to be reviewed, of 1 in all"):
        recall(flagged_rows(1, 1), listings=1)


some_rows = st.lists(
    st.builds(SelectedListing, st.sampled_from([0.01, 0.03, 0.2, 1.0]), st.sampled_from([True, False, False, None])),
    max_size=60,
)


@PROPERTY
@given(some_rows, st.integers(0, 3_000))
def test_an_estimate_lies_in_its_interval_and_both_in_what_is_possible(rows: Rows, more: int) -> None:
    for estimate in (prevalence(rows, listings=len(rows) + more), recall(rows, listings=len(rows) + more)):
        assert 0 <= estimate.low <= estimate.high <= 1
        assert estimate.share is None or estimate.low <= estimate.share <= estimate.high


@PROPERTY
@given(some_rows, st.integers(0, 3_000))
def test_the_order_of_rows_does_not_matter(rows: Rows, more: int) -> None:
    estimate, other = (prevalence(ordered_rows, listings=len(rows) + more) for ordered_rows in (rows, rows[::-1]))
    assert numbers(estimate) == pytest.approx(numbers(other), rel=1e-9, abs=1e-12, nan_ok=True)


def numbers(estimate: Estimate) -> list[float]:
    return [np.nan if estimate.share is None else estimate.share, estimate.low, estimate.high, estimate.effective]


@PROPERTY
@given(st.integers(0, 5), st.integers(6, 40), st.integers(100, 3_000))
def test_one_more_find_never_lowers_the_interval(finds: int, draws: int, more: int) -> None:
    listings = draws + more
    estimate, other = (prevalence(drawn_rows(k, draws - k), listings=listings) for k in (finds, finds + 1))
    assert estimate.low <= other.low
    assert estimate.high <= other.high


# Months of 1,000 listings; a model flags the tenth with the highest scores.
MONTHS = 300
LISTINGS = 1_000


def chances(kind: str, looks: Floats, random: np.random.Generator) -> Floats:
    """The chance of each listing of being reviewed, highest looks flagged."""
    flagged_rows = looks >= np.quantile(looks, 0.9)
    share = {
        "one in thirty-three": np.full(LISTINGS, 0.03),
        "one in a hundred": np.full(LISTINGS, 0.01),
        "whitelisted at a third": np.where(random.random(LISTINGS) < 0.1, 0.01, 0.03),
        "by doubt": np.clip(0.4 * np.sqrt(looks * (1 - looks)), 0.01, 0.9),
    }[kind]
    return np.where(flagged_rows, 1.0, share)


def a_month(kind: str, answered: float, random: np.random.Generator) -> tuple[Sequence[SelectedListing], float, float]:
    """What was reviewed, the true prevalence and the true recall; five listings of a seller are alike."""
    looks = np.clip(np.repeat(random.beta(0.3, 6, LISTINGS // 5), 5) * random.uniform(0.5, 1.5, LISTINGS), 1e-4, 0.999)
    truth = np.repeat(random.random(LISTINGS // 5), 5) < looks
    chance = chances(kind, looks, random)
    rows = [
        SelectedListing(float(chance[i]), bool(truth[i]) if random.random() < answered else None)
        for i in np.flatnonzero(random.random(LISTINGS) < chance)
    ]
    return rows, float(truth.mean()), float(truth[chance == 1].sum() / max(truth.sum(), 1))


@pytest.mark.parametrize("answered", [1.0, 0.85])
@pytest.mark.parametrize("kind", ["one in thirty-three", "one in a hundred", "whitelisted at a third", "by doubt"])
def test_the_interval_covers_the_truth_in_at_least_95_of_100_months(kind: str, answered: float) -> None:
    random = np.random.default_rng([7, len(kind), round(100 * answered)])
    covered = np.zeros(2)
    for _ in range(MONTHS):
        rows, share, recalled = a_month(kind, answered, random)
        whole, estimate = prevalence(rows, listings=LISTINGS), recall(rows, listings=LISTINGS)
        covered += whole.low <= share <= whole.high, estimate.low - 1e-9 <= recalled <= estimate.high + 1e-9
    assert (covered / MONTHS >= 0.95).all(), covered / MONTHS
