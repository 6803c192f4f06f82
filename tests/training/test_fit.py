from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.base import clone

from features.compute import NAMES, family_columns, matrix
from features.facts import Facts
from features.spec import Family
from models.bundle import digest_of, to_files
from models.classifier import TEXT_COLUMN, Join
from models.forest import splits_without_missing
from models.routing import Thresholds
from tests.fixtures.labelled import a_market, market_facts, market_references
from training import metrics
from training.fit import (
    STACK_FROM_POSITIVES,
    CounterfeitClassifier,
    ForestSettings,
    TextMatrix,
    _combiner,
    _with_masked_copies,
    fit_sigmoid,
    fit_text,
    forest_settings,
)

DATA = a_market(120)
FACTS = market_facts(DATA)
LARGE = a_market(640, share=0.6)
LARGE_FACTS = market_facts(LARGE)
Labels = NDArray[np.int8]


def fitted(
    *, seed: int = 0, threads: int = 1, labels: Labels = DATA.labels, weights: NDArray[np.float64] | None = None
) -> CounterfeitClassifier:
    model = CounterfeitClassifier(seed=seed, threads=threads)
    return model.fit(FACTS, labels, groups=DATA.groups, sample_weight=weights)


def digest(model: CounterfeitClassifier) -> str:
    files = to_files(
        model.model_,
        thresholds=Thresholds(0.5, 0.1),
        references=market_references(DATA),
        references_as_of=None,
        masking=model.masking_,
    )
    return digest_of(files)


MODEL = fitted()


def test_equal_data_and_seed_give_an_equal_bundle() -> None:
    assert digest(fitted()) == digest(MODEL)


def test_threads_do_not_change_the_bundle() -> None:
    assert digest(fitted(threads=2)) == digest(MODEL)


def test_another_seed_gives_another_bundle() -> None:
    assert digest(fitted(seed=1)) != digest(MODEL)


def test_one_other_label_gives_another_bundle() -> None:
    labels = DATA.labels.copy()
    labels[0] = 1 - labels[0]
    assert digest(fitted(labels=labels)) != digest(MODEL)


def test_the_weights_of_labels_are_learnt_from() -> None:
    weights = np.where(np.arange(120) % 2, 1.0, 0.3)
    assert digest(fitted(weights=weights)) != digest(MODEL)


def test_equal_weights_are_no_weights() -> None:
    assert digest(fitted(weights=np.ones(120))) == digest(MODEL)


def test_a_model_ranks_unseen_sellers_better_than_chance() -> None:
    assert metrics.average_precision(DATA.labels, MODEL.out_of_fold_) > DATA.labels.mean() + 0.2


def test_a_model_scores_another_time_as_it_did() -> None:
    assert np.array_equal(MODEL.decision_function(FACTS), MODEL.decision_function(FACTS))


def test_the_order_of_what_is_scored_changes_no_score() -> None:
    assert MODEL.decision_function(FACTS[::-1]).tolist() == MODEL.decision_function(FACTS)[::-1].tolist()


def test_probabilities_of_both_classes_sum_to_one() -> None:
    found = MODEL.predict_proba(FACTS)
    assert found.shape == (120, 2)
    assert np.allclose(found.sum(axis=1), 1, rtol=0, atol=1e-15)


def test_the_likelier_class_is_predicted() -> None:
    assert np.array_equal(MODEL.predict(FACTS), (MODEL.predict_proba(FACTS)[:, 1] > 0.5).astype(int))


def test_scikit_learn_can_clone_the_estimator() -> None:
    assert clone(CounterfeitClassifier(seed=3, mask_share=0.3)).get_params()["mask_share"] == 0.3


def test_out_of_fold_values_are_one_for_each_row() -> None:
    assert MODEL.out_of_fold_.shape == (120,)
    assert np.isfinite(MODEL.out_of_fold_).all()


def test_progress_is_told() -> None:
    told: list[str] = []
    CounterfeitClassifier(progress=lambda what, _share: told.append(what)).fit(FACTS, DATA.labels, groups=DATA.groups)
    assert list(dict.fromkeys(told)) == ["features", "text", "forest", "join"]


REFUSED = [
    (np.zeros(120, dtype=np.int8), DATA.groups, "counterfeit", "one class"),
    (np.ones(120, dtype=np.int8), DATA.groups, "genuine", "the other class"),
    (DATA.labels, np.zeros(120, dtype=np.intp), "1 sellers", "one seller"),
]


@pytest.mark.parametrize(("labels", "groups", "sentence", "_why"), REFUSED, ids=[row[-1] for row in REFUSED])
def test_what_cannot_be_tested_on_another_seller_is_refused(
    labels: Labels, groups: NDArray[np.intp], sentence: str, _why: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        CounterfeitClassifier().fit(FACTS, labels, groups=groups)


def with_positives(n: int) -> Labels:
    """The labels of the large market with exactly n positives: the first of them stay."""
    labels = LARGE.labels.copy()
    labels[np.flatnonzero(labels)[n:]] = 0
    return labels


def large(positives: int) -> CounterfeitClassifier:
    return CounterfeitClassifier().fit(LARGE_FACTS, with_positives(positives), groups=LARGE.groups)


def test_with_299_counterfeits_numbers_and_text_are_summed() -> None:
    model = large(STACK_FROM_POSITIVES - 1).model_
    assert (model.combiner.join, model.forest.columns) == (Join.SUM, len(NAMES))


def test_with_300_counterfeits_the_text_is_a_column_of_the_forest() -> None:
    model = large(STACK_FROM_POSITIVES).model_
    assert (model.combiner.join, model.forest.columns) == (Join.STACK, len(NAMES) + 1)
    assert TEXT_COLUMN in model.forest.text
    assert splits_without_missing(model.forest.text) == 0


SETTINGS = [(0, 150, 7), (299, 150, 7), (300, 250, 15), (2_999, 250, 15), (3_000, 400, 31)]


@pytest.mark.parametrize(("positives", "rounds", "leaves"), SETTINGS)
def test_trees_grow_with_the_number_of_counterfeits(positives: int, rounds: int, leaves: int) -> None:
    found = forest_settings(positives)
    assert (found.rounds, found.leaves) == (rounds, leaves)


def test_no_setting_of_the_forest_lets_time_or_threads_decide() -> None:
    found = ForestSettings(rounds=1, leaves=2, learning_rate=0.1, rows_per_leaf=1).parameters(3, 1)
    assert (found["deterministic"], found["force_row_wise"], found["seed"]) == (True, True, 3)


def test_the_forest_reads_no_missing_value_as_zero() -> None:
    """No row of the market lacks its text or its price, so only the masked copies teach what missing is."""
    assert not np.isnan(matrix(FACTS)[:, NAMES.index("text_title_length")]).any()
    assert splits_without_missing(MODEL.model_.forest.text) == 0


def masked(share: float, columns: int = len(NAMES)) -> tuple[NDArray[np.float64], Labels, NDArray[np.float64]]:
    rows = np.arange(40.0 * columns).reshape(40, columns)
    labels = np.array([0, 1] * 20, dtype=np.int8)
    return _with_masked_copies(rows, labels, np.full(40, 0.8), seed=0, share=share)


def test_the_rows_themselves_stay_as_they_are() -> None:
    rows, labels, weights = masked(0.15)
    assert np.array_equal(rows[:40], np.arange(40.0 * len(NAMES)).reshape(40, len(NAMES)))
    assert (labels[:40].tolist(), set(weights[:40])) == ([0, 1] * 20, {0.8})


def test_a_copy_lacks_one_whole_family_and_weighs_half() -> None:
    rows, labels, weights = masked(0.15)
    families = [set(family_columns(family)) for family in Family]
    copies = rows[40:]
    assert all(set(np.flatnonzero(np.isnan(row))) in families for row in copies)
    assert set(weights[40:]) == {0.4}
    originals = {int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in copies}
    assert originals <= set(range(40))
    assert len(labels) == len(rows)


@pytest.mark.parametrize("columns", [len(NAMES), len(NAMES) + 1])
def test_every_column_is_missing_somewhere_even_at_a_share_of_nothing(columns: int) -> None:
    rows, _, _ = masked(0.0, columns)
    assert np.isnan(rows).any(axis=0).all()


def test_a_copy_keeps_its_label() -> None:
    rows, labels, _ = masked(0.5)
    of = [int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in rows]
    assert labels.tolist() == [i % 2 for i in of]


def test_the_text_model_scores_as_the_matrix_that_it_was_fitted_on() -> None:
    texts, rows = TextMatrix.of(FACTS), np.arange(80)
    found = fit_text(texts, rows, DATA.labels, np.ones(120))
    listings = [one.listing for one in FACTS]
    assert found.model.many(listings) == pytest.approx(found.many_rows(texts, np.arange(120)), abs=1e-5)


def test_no_text_of_a_test_row_moves_the_weights() -> None:
    other = [*FACTS[:80], *(_retitled(one) for one in FACTS[80:])]
    rows = np.arange(80)
    one, two = (fit_text(TextMatrix.of(facts), rows, DATA.labels, np.ones(120)) for facts in (FACTS, other))
    assert np.array_equal(one.model.weights, two.model.weights)


def _retitled(facts: Facts) -> Facts:
    return replace(facts, listing=replace(facts.listing, title="Something else", description=None))


def test_a_text_matrix_of_offers_without_text_is_empty() -> None:
    bare = replace(FACTS[0].listing, title=None, description=None, brand=None, product_type=None)
    assert TextMatrix.of([replace(FACTS[0], listing=bare)]).values.nnz == 0


def test_the_sigmoid_is_the_one_of_least_log_loss() -> None:
    """The second method: the weighted log-loss of Platt's form, minimised directly."""
    random = np.random.default_rng(0)
    values, weights = random.standard_normal(300), random.uniform(0.2, 1.0, 300)
    labels = (random.random(300) < 1 / (1 + np.exp(-(1.5 * values - 0.7)))).astype(np.int8)

    def loss(at: NDArray[np.float64]) -> float:
        signed = (at[0] * values + at[1]) * (2 * labels - 1)
        return float((weights * np.logaddexp(0, -signed)).sum())

    found = fit_sigmoid(values, labels, weights)
    assert [found.slope, found.offset] == pytest.approx(minimize(loss, [1.0, 0.0]).x, abs=2e-3)


def test_the_order_of_scores_survives_a_calibration_on_misleading_values() -> None:
    values, labels = np.array([3.0, 2.0, 1.0, 0.0] * 5), np.array([0, 0, 1, 1] * 5, dtype=np.int8)
    assert fit_sigmoid(values, labels, np.ones(20)).slope == 1e-3


def test_the_weight_of_the_text_is_pulled_towards_two_thirds() -> None:
    """Numbers rank right at every weight up to 0.5 here; the lowest, 0.1, is taken first.
    With 20 positives: (20 x 0.1 + 100 x 2/3) / 120."""
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers = labels + np.linspace(0, 0.1, 40)
    noise = np.tile([0.0, 0.0, 1.0, 1.0], 10)
    found = _combiner(Join.SUM, numbers, noise, labels, np.ones(40))
    assert found.text_weight == pytest.approx((20 * 0.1 + 100 * 2 / 3) / 120)


def test_values_are_standardised_by_what_was_scored_out_of_fold() -> None:
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers, text = np.arange(40.0), np.full(40, 7.0)
    found = _combiner(Join.SUM, numbers, text, labels, np.ones(40))
    assert (found.numbers.mean, found.numbers.spread) == (numbers.mean(), numbers.std())
    assert (found.text.mean, found.text.spread) == (7.0, 1e-9)
