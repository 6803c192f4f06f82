"""A column of chance is told from chance in at most two of twenty draws, and a column that knows is told."""

from datetime import timedelta

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.tree import DecisionTreeClassifier

from features.brands import BrandRegister
from models.arrays import Floats, Labels, Rows
from tests.fixtures.clocks import NOW
from training.evaluate import metrics
from training.evaluate.comparison import difference
from training.evaluate.cross_validation import FOLDS
from training.evaluate.material import LabelledListings
from training.evaluate.splits import grouped_folds
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import ListingRows
from training.simulation.synthetic import Settings, build_world, evaluation_set
from training.snapshots.references import OfflineReferences

DRAWS, REPEATS = 20, 2
Folds = list[list[tuple[Rows, Rows]]]


def folds_of(labels: Labels, groups: NDArray[np.intp]) -> Folds:
    return [list(grouped_folds(labels, groups, folds=FOLDS, seed=repeat)) for repeat in range(REPEATS)]


def is_told(labels: Labels, ours: Floats, theirs: Floats, bootstrap: Floats) -> bool:
    """Whether the difference of scores, shape (repeats, n), is said to be beyond chance."""
    low, high = difference(labels, list(zip(ours, theirs, strict=True)), bootstrap)["ap_interval"]
    return bool(low > 0 or high < 0)


def test_a_difference_that_another_fit_reverses_is_chance() -> None:
    labels = np.array([1, 0] * 50, dtype=np.int8)
    bootstrap = metrics.seller_bootstrap(np.arange(100), times=200, seed=0)
    middling = np.random.default_rng(0).standard_normal(100) + labels
    better, worse = labels.astype(np.float64), middling - 0.5 * labels
    for ours, expected in ((better, True), (worse, False)):
        assert is_told(labels, np.array([better, ours]), np.array([middling, middling]), bootstrap) is expected


def test_a_placebo_of_a_tree_is_chance() -> None:
    random = np.random.default_rng(0)
    labels, sellers = (random.random(300) < 0.2).astype(np.int8), np.arange(300) // 2
    known = random.standard_normal((300, 6)) + 0.6 * labels[:, None]
    folds, bootstrap = folds_of(labels, sellers), metrics.seller_bootstrap(sellers, times=400, seed=0)

    def scores(columns: Floats) -> Floats:
        values = np.zeros((REPEATS, len(labels)))
        for repeat, splits in enumerate(folds):
            for train, test in splits:
                tree = DecisionTreeClassifier(max_depth=4, min_samples_leaf=5, random_state=repeat)
                values[repeat, test] = tree.fit(columns[train], labels[train]).predict_proba(columns[test])[:, 1]
        return values

    plain = scores(known)
    placebos = [scores(np.column_stack([known, random.standard_normal(300)])) for _ in range(DRAWS)]
    assert sum(is_told(labels, placebo, plain, bootstrap) for placebo in placebos) <= 2
    knowing = scores(np.column_stack([known, labels + 0.3 * random.standard_normal(300)]))
    assert is_told(labels, knowing, plain, bootstrap)


@pytest.mark.soak
def test_a_placebo_of_the_model_is_chance() -> None:
    """Simulated: 45 counterfeits of 450 listings."""
    settings = Settings(listings=6_000, seed=0, start=NOW)
    listings, every_label = evaluation_set(settings, settings.listings)
    random = np.random.default_rng(0)
    chosen = [random.permutation(np.flatnonzero(every_label == label))[:n] for label, n in ((1, 45), (0, 405))]
    rows = np.sort(np.concatenate(chosen))
    labels, sample = every_label[rows], [listings[i] for i in rows]
    groups = LabelledListings(tuple(sample), labels).groups
    offline = OfflineReferences(sample, BrandRegister([market.brand for market in build_world(settings).brands]))
    as_of = NOW + timedelta(days=settings.days)
    known = ListingRows.of([offline.facts(row, as_of=as_of, marketplace="", took_part=True) for row in sample])
    folds, bootstrap = folds_of(labels, groups), metrics.seller_bootstrap(groups, times=400, seed=0)

    def scores(rows: ListingRows) -> Floats:
        values = np.zeros((REPEATS, len(labels)))
        for repeat, splits in enumerate(folds):
            for train, test in splits:
                model = CounterfeitClassifier(seed=repeat).fit(rows[train], labels[train], groups=groups[train])
                values[repeat, test] = model.decision_function(rows[test])
        return values

    plain = scores(known)
    placebos = [scores(known.with_columns(["placebo"], random.standard_normal((450, 1)))) for _ in range(DRAWS)]
    assert sum(is_told(labels, placebo, plain, bootstrap) for placebo in placebos) <= 2
