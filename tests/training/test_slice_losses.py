"""The figures of slices, compared with a computation row by row."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from features import price_history
from features.compute import FEATURES, NAMES, compute
from features.spec import Family
from models.arrays import Floats
from models.policies.learning import DEFAULT_GATES
from tests.fixtures.facts import bare_facts, full_facts, some_facts
from training.evaluate import metrics
from training.evaluate.metrics import seller_bootstrap
from training.evaluate.slices import only_text_and_price, slices
from training.gates.slice_gate import ScoredRows, SliceEvidence, slice_evidence

N = 240


def scored_rows(seed: int = 0, *, weights: Floats | None = None, theirs: Floats | None = None) -> ScoredRows:
    """240 rows of 60 sellers, with every fourth seller selling fakes, scored by two models."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(60), 4)
    labels = ((groups % 4 == 0) & (random.random(N) < 0.9)).astype(np.int8)
    ours = labels + random.normal(0, 0.6, N)
    other = labels + random.normal(0, 0.6, N) if theirs is None else theirs
    counted = np.ones(N) if weights is None else weights
    return ScoredRows(labels, ours, other, counted, groups, seller_bootstrap(groups, times=300, seed=1))


MEMBERS = {"all": np.arange(N), "first": np.arange(80), "small": np.arange(49)}


def evidence(sample: ScoredRows) -> dict[str, SliceEvidence]:
    return {slice_.name: slice_ for slice_ in slice_evidence(sample, MEMBERS, DEFAULT_GATES)}


def by_hand(sample: ScoredRows, scores: Floats, rows: NDArray[np.intp]) -> tuple[float, float, float]:
    """Recall, rank and alarms of one model, row by row and without resampling."""
    genuine = [i for i in range(N) if not sample.labels[i]]
    total = sum(sample.weights[i] for i in genuine)

    def alarms_above(score: float) -> float:
        return float(sum(sample.weights[i] for i in genuine if scores[i] > score) / total)

    threshold = min(scores[i] for i in genuine if alarms_above(scores[i]) <= 0.01)
    fakes, honest = [i for i in rows if sample.labels[i]], [i for i in rows if not sample.labels[i]]

    def share(of: list[int], values: list[float]) -> float:
        counted = [sample.weights[i] for i in of]
        return float(sum(w * number for w, number in zip(counted, values, strict=True)) / sum(counted))

    below = [
        sum(sample.weights[j] * ((scores[j] < scores[i]) + 0.5 * (scores[j] == scores[i])) for j in genuine) / total
        for i in fakes
    ]
    return (
        share(fakes, [float(scores[i] > threshold) for i in fakes]),
        share(fakes, below),
        share(honest, [float(scores[i] > threshold) for i in honest]),
    )


WEIGHTS = [np.ones(N), np.where(np.arange(N) % 5 == 0, 10.0, 1.0)]


@pytest.mark.parametrize("weights", WEIGHTS, ids=["one each", "some drawn"])
@pytest.mark.parametrize("name", ["all", "first"])
@pytest.mark.parametrize("ties", [False, True], ids=["all different", "points"])
def test_the_figures_of_a_slice_are_those_found_row_by_row(weights: Floats, name: str, ties: bool) -> None:
    sample = scored_rows(weights=weights)
    if ties:
        sample = scored_rows(weights=weights, theirs=np.round(2 * sample.theirs))
    slice_ = evidence(sample)[name]
    for scores, which in ((sample.ours, "ours"), (sample.theirs, "theirs")):
        shown = [getattr(figure, which) for figure in (slice_.recall, slice_.rank, slice_.alarms)]
        assert shown == pytest.approx(by_hand(sample, scores, MEMBERS[name]))


def test_slices_below_fifty_rows_are_left_out() -> None:
    assert set(evidence(scored_rows())) == {"all", "first"}


def test_counterfeits_and_their_sellers_are_counted() -> None:
    sample = scored_rows()
    slice_ = evidence(sample)["first"]
    assert (slice_.rows, slice_.positives, slice_.positive_sellers) == (80, int(sample.labels[:80].sum()), 5)


def test_equal_models_differ_by_nothing() -> None:
    sample = scored_rows()
    same = evidence(
        ScoredRows(sample.labels, sample.ours, sample.ours, sample.weights, sample.groups, sample.resampled)
    )["all"]
    for figure in (same.recall, same.rank, same.alarms):
        assert (figure.worse, figure.worse_at_least) == (0.0, 0.0)


def test_a_loss_of_ours_is_worse_and_a_loss_of_theirs_is_not() -> None:
    sample = scored_rows()
    broken = np.where(sample.labels == 1, sample.ours - 1, sample.ours)
    lost = evidence(ScoredRows(sample.labels, broken, sample.ours, sample.weights, sample.groups, sample.resampled))[
        "all"
    ]
    gained = evidence(ScoredRows(sample.labels, sample.ours, broken, sample.weights, sample.groups, sample.resampled))[
        "all"
    ]
    assert lost.recall.worse_at_least > 0.03
    assert lost.rank.worse_at_least > 0.03
    assert gained.recall.worse_at_least < 0
    assert gained.rank.worse == pytest.approx(-lost.rank.worse)


def test_honest_listings_of_a_slice_that_are_newly_flagged_are_worse() -> None:
    """Forty of 4,000 are one in a hundred: a model may have all its false alarms in one slice."""
    random = np.random.default_rng(2)
    n = 4_000
    groups, slice_rows = np.repeat(np.arange(n // 2), 2), np.arange(60)
    labels = (np.arange(n) % 20 == 0).astype(np.int8)
    theirs = labels + random.normal(0, 0.6, n)
    accused = np.flatnonzero(labels[slice_rows] == 0)[:36]
    ours = theirs.copy()
    ours[accused] = 9.0 + np.arange(36) / 100
    resampled = seller_bootstrap(groups, times=200, seed=1)
    (slice_,) = slice_evidence(
        ScoredRows(labels, ours, theirs, np.ones(n), groups, resampled), {"rival": slice_rows}, DEFAULT_GATES
    )
    assert slice_.alarms.theirs < 0.05
    assert slice_.alarms.ours == pytest.approx(36 / 57)
    assert slice_.alarms.worse_at_least > 0.3


def test_the_lower_end_is_the_quantile_of_the_resampled_losses_at_the_confidence() -> None:
    """A hundred fakes of one seller each, and our model loses half of them: a mean of independent rows."""
    n = 400
    groups = np.arange(n)
    labels = (groups < 100).astype(np.int8)
    theirs = labels + np.linspace(0, 0.1, n)
    ours = np.where((groups < 100) & (groups % 2 == 0), -1.0, theirs)
    resampled = seller_bootstrap(groups, times=2_000, seed=1)
    (slice_,) = slice_evidence(
        ScoredRows(labels, ours, theirs, np.ones(n), groups, resampled), {"a": groups}, DEFAULT_GATES
    )
    assert slice_.recall.worse == pytest.approx(0.5)
    # A share of 100 has a standard error of .05; one-sided 95 % are 1.645 of these, 99 % 2.326.
    assert slice_.recall.worse_at_least == pytest.approx(0.5 - 1.645 * 0.05, abs=0.01)
    assert slice_.rank.worse_at_least == pytest.approx(0.5 - 2.326 * 0.05, abs=0.02)


def test_one_class_gives_no_evidence() -> None:
    sample = scored_rows()
    none = ScoredRows(
        np.zeros(N, dtype=np.int8), sample.ours, sample.theirs, sample.weights, sample.groups, sample.resampled
    )
    assert slice_evidence(none, MEMBERS, DEFAULT_GATES) == ()


def test_a_slice_of_fifty_rows_is_judged() -> None:
    judged_slices = slice_evidence(scored_rows(), {"fifty": np.arange(50), "fewer": np.arange(49)}, DEFAULT_GATES)
    assert [slice_.name for slice_ in judged_slices] == ["fifty"]


def test_each_resample_counts_once_with_the_weights_of_its_rows() -> None:
    """A resample gives the figures of the slice with each row weighted by its multiplicity."""
    sample = scored_rows(weights=WEIGHTS[1])
    losses = [
        evidence(replace(sample, weights=sample.weights * times, resampled=np.ones((1, N))))["first"].recall.worse
        for times in sample.resampled
    ]
    expected = np.quantile([loss for loss in losses if not np.isnan(loss)], 0.05)
    assert evidence(sample)["first"].recall.worse_at_least == pytest.approx(expected)
    recall = evidence(replace(sample, resampled=np.ones((1, N))))["first"].recall
    assert recall.worse_at_least == pytest.approx(recall.worse)


@pytest.mark.parametrize("place", [0, 99, 100, 200])
def test_every_resample_counts(place: int) -> None:
    """All but one of 201 resamples are the rows themselves; in that one our model is better, at full confidence."""
    sample = scored_rows()
    better = (sample.ours > sample.theirs) | (sample.labels == 0)
    times = np.ones((201, N))
    times[place] = better
    policy = replace(DEFAULT_GATES, slice_confidence=1.0)
    (slice_,) = slice_evidence(replace(sample, resampled=times), {"all": np.arange(N)}, policy)
    (alone,) = slice_evidence(replace(sample, resampled=times[[place]]), {"all": np.arange(N)}, policy)
    assert slice_.recall.worse_at_least == alone.recall.worse_at_least < slice_.recall.worse


def test_one_genuine_listing_in_a_hundred_may_be_flagged_and_not_two() -> None:
    labels = np.array([0] * 100 + [1] * 5, dtype=np.int8)
    scores = np.concatenate([np.arange(100.0), [98.5] * 5])
    (slice_,) = slice_evidence(
        ScoredRows(labels, scores, scores, np.ones(105), np.arange(105), np.ones((1, 105))),
        {"all": np.arange(105)},
        DEFAULT_GATES,
    )
    assert (slice_.alarms.ours, slice_.recall.ours) == (0.01, 1.0)


def test_a_slice_without_counterfeits_has_no_recall_and_no_rank_to_lose() -> None:
    sample = scored_rows()
    genuine = np.flatnonzero(sample.labels == 0)[:60]
    (slice_,) = slice_evidence(sample, {"genuine": genuine}, DEFAULT_GATES)
    assert slice_.positives == 0
    assert all(
        np.isnan([comparison.ours, comparison.worse, comparison.worse_at_least]).all()
        for comparison in (slice_.recall, slice_.rank)
    )
    assert slice_.alarms.worse_at_least <= slice_.alarms.worse


def test_a_resample_without_a_genuine_listing_has_no_false_alarms() -> None:
    sample = scored_rows()
    only_fakes = replace(sample, resampled=sample.labels[None, :].astype(np.float64))
    assert np.isnan(evidence(only_fakes)["all"].alarms.worse_at_least)


FACTS = [full_facts() if i % 2 else some_facts(language="fr", description=None) for i in range(24)]
LABELS = np.array([1, 1, 0, 0] * 6, dtype=np.int8)
OURS, THEIRS = np.linspace(0, 1, 24), np.linspace(1, 0, 24)


def test_the_slices_are_by_brand_market_language_category_country_and_missing_evidence() -> None:
    assert {row["slice"]: row["rows"] for row in slices(FACTS, LABELS, OURS, None)} == {
        "brand Aurelle": 24,
        "category bags": 24,
        "language en": 12,
        "language fr": 12,
        "market EUR": 24,
        "no description": 12,
        "sellers in FR": 24,
    }


def test_a_slice_of_fewer_than_ten_is_not_shown() -> None:
    assert slices(FACTS[:9], LABELS[:9], OURS[:9], None) == []


def test_new_sellers_are_a_slice() -> None:
    facts = [some_facts(seller={"age_days": 29 + i % 2}) for i in range(20)]
    slice_rows = slices(facts, LABELS[:20], OURS[:20], None)
    assert {row["slice"]: row["rows"] for row in slice_rows}["sellers under 30 days"] == 10


def test_listings_without_a_price_reference_are_a_slice() -> None:
    slice_rows = slices([bare_facts()] * 10, LABELS[:10], OURS[:10], None)
    assert [row["slice"] for row in slice_rows] == ["market XTS", "no description", "no price reference"]


def test_a_slice_has_the_figures_of_its_rows_for_both_models() -> None:
    (row,) = (slice_row for slice_row in slices(FACTS, LABELS, OURS, THEIRS) if slice_row["slice"] == "language en")
    rows = np.arange(1, 24, 2)
    assert row["candidate_ap"] == metrics.average_precision(LABELS[rows], OURS[rows])
    assert row["champion_ap"] == metrics.average_precision(LABELS[rows], THEIRS[rows])
    assert row["positives"] == LABELS[rows].sum()


def test_without_a_champion_its_figure_is_absent() -> None:
    assert all("champion_ap" not in row for row in slices(FACTS, LABELS, OURS, None))


def test_a_figure_that_does_not_exist_is_none() -> None:
    assert {row["candidate_ap"] for row in slices(FACTS, np.zeros(24, dtype=np.int8), OURS, None)} == {None}


BARE = only_text_and_price(full_facts())


@pytest.mark.parametrize("family", [Family.ITEM, Family.SELLER])
def test_without_history_the_history_features_are_missing(family: Family) -> None:
    vector = compute(BARE).vector
    known = [f.name for f in FEATURES if f.family is family and not np.isnan(vector[NAMES.index(f.name)])]
    assert set(known) <= {"item_version"}


def test_text_brand_and_price_are_unchanged() -> None:
    families = {Family.TEXT, Family.BRAND, Family.PRICE}
    past = {feature.name for feature in price_history.signals.features}
    numbered = {"price_to_list", "price_claim_to_list", "brand_gtin_valid"}
    gone = {"price_claimed_discount", "price_change", *numbered, *past}
    columns = [i for i, f in enumerate(FEATURES) if f.family in families and f.name not in gone]
    assert np.array_equal(compute(BARE).vector[columns], compute(full_facts()).vector[columns])


def test_only_text_brand_category_and_price_remain() -> None:
    listing = BARE.listing
    field_names = {
        name
        for name in type(listing).__slots__
        if getattr(listing, name) not in (None, type(listing).__dict__.get(name))
    }
    assert {"external_id", "title", "description", "brand", "product_type", "price", "currency"} <= field_names
    assert listing.seller.external_id is None
    assert (listing.gtin, listing.list_price, listing.age_days, listing.sales.d7) == (None, None, None, None)


def test_the_previous_price_is_unknown() -> None:
    assert np.isnan(compute(BARE).vector[NAMES.index("price_change")])


def test_a_later_version_looks_like_the_first() -> None:
    assert compute(BARE).vector[NAMES.index("item_version")] == 1
