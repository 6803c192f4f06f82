from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from features.compute import NAMES, family_columns, matrix
from features.facts import Facts
from features.spec import Family
from features.text_kernel import COLUMNS
from models.arrays import Floats, Labels
from models.bundle import digest_of, to_files
from models.classifier import Classifier, Join
from models.forest import Forest, splits_without_missing
from models.phrases import NO_PHRASES
from models.policies.deciding import DEFAULT_SCORECARD
from models.routing import Thresholds
from tests.fixtures.clusters import a_cluster
from tests.fixtures.labelled import a_market, market_facts, market_references
from training.cluster import ClusterFailed
from training.evaluate import metrics
from training.evaluate.material import LabelledListings
from training.fit.classifier import CounterfeitClassifier
from training.fit.cluster_input import FitInputWork, fit_input_at
from training.fit.fit_input import FitInput
from training.fit.forest import ForestSettings, fit_forest, forest_settings, with_masked_copies
from training.fit.joining import fit_combiner, fit_offset, fit_points
from training.fit.listing_rows import ListingRows

DATA = a_market(120)
FACTS = market_facts(DATA)
ROWS = ListingRows.of(FACTS)


def fitted_model(
    *, seed: int = 0, threads: int = 1, labels: Labels = DATA.labels, weights: NDArray[np.float64] | None = None
) -> CounterfeitClassifier:
    model = CounterfeitClassifier(seed=seed, threads=threads)
    return model.fit(ROWS, labels, groups=DATA.groups, sample_weight=weights)


def digest(model: CounterfeitClassifier) -> str:
    files = to_files(
        model.model_,
        thresholds=Thresholds(0.5, 0.1),
        references=market_references(DATA),
        references_as_of=None,
        masking=model.masking_,
        phrases=NO_PHRASES,
    )
    return digest_of(files)


@cache
def the_model() -> CounterfeitClassifier:
    return fitted_model()


def test_equal_data_and_seed_give_an_equal_bundle() -> None:
    assert digest(fitted_model()) == digest(the_model())


def test_threads_do_not_change_the_bundle() -> None:
    assert digest(fitted_model(threads=2)) == digest(the_model())


def test_another_seed_gives_another_bundle() -> None:
    assert digest(fitted_model(seed=1)) != digest(the_model())


def test_one_other_label_gives_another_bundle() -> None:
    labels = DATA.labels.copy()
    labels[0] = 1 - labels[0]
    assert digest(fitted_model(labels=labels)) != digest(the_model())


def test_label_weights_change_the_model() -> None:
    weights = np.where(np.arange(120) % 2, 1.0, 0.3)
    assert digest(fitted_model(weights=weights)) != digest(the_model())


def test_equal_weights_are_as_none() -> None:
    assert digest(fitted_model(weights=np.ones(120))) == digest(the_model())


def test_a_model_ranks_unseen_sellers_better_than_chance() -> None:
    assert metrics.average_precision(DATA.labels, the_model().out_of_fold_) > DATA.labels.mean() + 0.2


def test_a_model_scores_another_time_as_it_did() -> None:
    assert np.array_equal(the_model().decision_function(ROWS), the_model().decision_function(ROWS))


def test_the_order_of_the_listings_changes_no_score() -> None:
    assert (
        the_model().decision_function(ROWS[np.arange(120)[::-1]]).tolist()
        == the_model().decision_function(ROWS)[::-1].tolist()
    )


def test_probabilities_of_both_classes_sum_to_one() -> None:
    probabilities = the_model().predict_proba(ROWS)
    assert probabilities.shape == (120, 2)
    assert np.allclose(probabilities.sum(axis=1), 1, rtol=0, atol=1e-15)


def test_the_likelier_class_is_predicted() -> None:
    assert np.array_equal(the_model().predict(ROWS), (the_model().predict_proba(ROWS)[:, 1] > 0.5).astype(int))


def test_out_of_fold_values_are_one_for_each_row() -> None:
    assert the_model().out_of_fold_.shape == (120,)
    assert np.isfinite(the_model().out_of_fold_).all()


def test_progress_is_reported() -> None:
    steps: list[str] = []
    CounterfeitClassifier(progress=lambda what, _share: steps.append(what)).fit(ROWS, DATA.labels, groups=DATA.groups)
    assert list(dict.fromkeys(steps)) == ["features", "text", "forest", "join"]


REFUSED = [
    (np.zeros(120, dtype=np.int8), DATA.groups, "counterfeit", "one class"),
    (np.ones(120, dtype=np.int8), DATA.groups, "genuine", "the other class"),
    (DATA.labels, np.zeros(120, dtype=np.intp), "1 sellers", "one seller"),
]


@pytest.mark.parametrize(("labels", "groups", "sentence", "_why"), REFUSED)
def test_labels_without_another_seller_to_test_on_are_refused(
    labels: Labels, groups: NDArray[np.intp], sentence: str, _why: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        CounterfeitClassifier().fit(ROWS, labels, groups=groups)


@cache
def a_large_market() -> LabelledListings:
    return a_market(640, share=0.6)


def with_positives(n: int) -> Labels:
    """The labels of the large market with only its first n positives."""
    labels = a_large_market().labels.copy()
    labels[np.flatnonzero(labels)[n:]] = 0
    return labels


def large_model(positives: int) -> CounterfeitClassifier:
    return CounterfeitClassifier().fit(
        ListingRows.of(_large_facts()), with_positives(positives), groups=a_large_market().groups
    )


def text_of(model: Classifier) -> str:
    assert isinstance(model.learner, Forest)
    return model.learner.text


@cache
def _large_facts() -> list[Facts]:
    return market_facts(a_large_market())


@pytest.mark.parametrize("positives", [299, 300])
def test_the_forest_is_fitted_to_what_the_text_leaves_open(positives: int) -> None:
    model = large_model(positives).model_
    assert (model.combiner.join, model.learner.columns) == (Join.OFFSET, NAMES)
    assert model.combiner.text_weight > 0
    assert splits_without_missing(text_of(model)) == 0


def test_the_forest_reads_no_missing_value_as_zero() -> None:
    """No row of the market lacks its text or its price, so only masked copies have missing values."""
    assert not np.isnan(matrix(FACTS)[:, NAMES.index("text_title_length")]).any()
    assert splits_without_missing(text_of(the_model().model_)) == 0


SETTINGS = [
    (0, 25, 3), (19, 25, 3), (20, 400, 3), (99, 400, 3), (100, 400, 7), (299, 400, 7), (300, 600, 7), (2_999, 600, 7),
    (3_000, 400, 31),
]  # fmt: skip


@pytest.mark.parametrize(("positives", "rounds", "leaves"), SETTINGS)
def test_trees_grow_with_the_number_of_counterfeits(positives: int, rounds: int, leaves: int) -> None:
    settings = forest_settings(positives)
    assert (settings.rounds, settings.leaves) == (rounds, leaves)


def test_no_setting_of_the_forest_depends_on_time_or_threads() -> None:
    parameters = ForestSettings(rounds=1, leaves=2, learning_rate=0.1, rows_per_leaf=1).parameters(3, 1)
    assert (parameters["deterministic"], parameters["force_row_wise"], parameters["seed"]) == (True, True, 3)


def masked_rows(share: float, columns: int = len(NAMES)) -> tuple[NDArray[np.float64], Labels, NDArray[np.float64]]:
    rows = np.arange(40.0 * columns).reshape(40, columns)
    return with_masked_copies(rows, np.array([0, 1] * 20, dtype=np.int8), np.full(40, 0.8), seed=0, share=share)


def test_the_rows_themselves_stay_as_they_are() -> None:
    rows, labels, weights = masked_rows(0.15)
    assert np.array_equal(rows[:40], np.arange(40.0 * len(NAMES)).reshape(40, len(NAMES)))
    assert (labels[:40].tolist(), set(weights[:40])) == ([0, 1] * 20, {0.8})


def test_a_copy_lacks_one_whole_family_and_weighs_half() -> None:
    rows, labels, weights = masked_rows(0.15)
    families = [set(family_columns(family)) for family in Family]
    copies = rows[40:]
    assert all(set(np.flatnonzero(np.isnan(row))) in families for row in copies)
    assert set(weights[40:]) == {0.4}
    originals = {int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in copies}
    assert originals <= set(range(40))
    assert len(labels) == len(rows)


@pytest.mark.parametrize("columns", [len(NAMES), len(NAMES) + 1])
def test_every_column_is_missing_somewhere_even_at_a_share_of_zero(columns: int) -> None:
    rows, _, _ = masked_rows(0.0, columns)
    assert np.isnan(rows).any(axis=0).all()


def test_a_copy_keeps_its_label() -> None:
    rows, labels, _ = masked_rows(0.5)
    of = [int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in rows]
    assert labels.tolist() == [i % 2 for i in of]


def test_a_forest_learns_only_what_its_offset_leaves_open() -> None:
    """Nine labels in ten follow the first column, which the offset states."""
    random = np.random.default_rng(0)
    columns = np.zeros((1_000, len(NAMES)))
    columns[:, 0] = random.integers(0, 2, 1_000)
    labels = (columns[:, 0] != (random.random(1_000) < 0.1)).astype(np.int8)
    settings = ForestSettings(rounds=40, leaves=3, learning_rate=0.1, rows_per_leaf=10)

    def moved(offset: NDArray[np.float64] | None) -> float:
        forest = fit_forest(
            columns, labels, np.ones(1_000), settings=settings, names=NAMES, seed=0, threads=1, offset=offset
        )
        rows = np.zeros((2, len(NAMES)))
        rows[1, 0] = 1
        low, high = forest.raw(rows)
        return abs(float(high - low))

    assert moved(None) > 1
    assert moved((2 * columns[:, 0] - 1) * np.log(9)) < 0.4


LABELS = np.array([1, 0] * 20, dtype=np.int8)
TELLING = LABELS + np.linspace(0, 0.1, 40)
NOISE = np.tile([0.0, 0.0, 1.0, 1.0], 10)


@pytest.mark.parametrize(
    ("numbers", "text", "best"),
    [
        (
            TELLING,
            NOISE,
            0.45,
        ),  # The ranking is right at every weight below a half; the nearest to the prior is chosen.
        (NOISE, TELLING, 0.55),
        (TELLING, -TELLING, 0.45),  # Text that contradicts.
        (TELLING, TELLING, 0.5),
    ],
)
def test_the_better_learner_has_more_weight_and_few_positives_pull_it_towards_a_half(
    numbers: Floats, text: Floats, best: float
) -> None:
    combiner = fit_combiner(Join.SUM, numbers, text, LABELS, np.ones(40))
    assert combiner.text_weight == pytest.approx((20 * best + 30 * 0.5) / 50)


def test_text_that_hurts_at_any_weight_gets_none_where_positives_are_many() -> None:
    random = np.random.default_rng(0)
    labels = (np.arange(4_000) % 20 == 0).astype(np.int8)
    numbers, text = labels + 0.4 * random.standard_normal(4_000), random.standard_normal(4_000)
    assert fit_combiner(Join.SUM, numbers, text, labels, np.ones(4_000)).text_weight < 0.1


def test_values_are_standardised_by_out_of_fold_scores() -> None:
    labels = np.array([1, 0] * 20, dtype=np.int8)
    numbers, text = np.arange(40.0), np.full(40, 7.0)
    combiner = fit_combiner(Join.SUM, numbers, text, labels, np.ones(40))
    assert (combiner.numbers.mean, combiner.numbers.spread) == (numbers.mean(), numbers.std())
    assert (combiner.text.mean, combiner.text.spread) == (7.0, 1e-9)


def test_the_offset_is_the_calibrated_log_odds_of_the_text() -> None:
    random = np.random.default_rng(0)
    text = 3 + 2 * random.standard_normal(20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(4 - 0.9 * text))).astype(np.int8)
    combiner, offset = fit_offset(text, labels, np.ones(20_000), np.arange(20_000))
    assert combiner.join is Join.OFFSET
    assert offset == pytest.approx(0.9 * text - 4, abs=0.2)
    assert combiner.join_values(np.zeros(20_000), text) - offset == pytest.approx(np.full(20_000, -offset.mean()))


def test_text_that_tells_nothing_or_the_contrary_is_no_offset() -> None:
    for text in (NOISE, -TELLING):
        combiner, offset = fit_offset(text, LABELS, np.ones(40), np.arange(40))
        assert (combiner.text_weight, offset) == (0.0, None)


def test_wording_that_suppliers_share_weighs_less_than_wording_of_as_many_sellers_on_their_own() -> None:
    """Forty texts that ten listings each repeat, in log-odds of text - 2."""
    random = np.random.default_rng(1)
    texts = random.standard_normal(40)
    caught = (random.random(40) < 1 / (1 + np.exp(2 - texts))).astype(np.int8)
    text, labels = np.repeat(texts, 10), np.repeat(caught, 10)
    alone, shared = (fit_offset(text, labels, np.ones(400), np.arange(400) // size)[0].text_weight for size in (1, 10))
    assert 0 < shared < 0.9 * alone


def test_points_get_the_weight_that_the_labels_give_them_beside_the_text() -> None:
    """With log-odds of text - 4 + 0.05 a point, and points that do not follow the text."""
    random = np.random.default_rng(0)
    text, sums = random.standard_normal(20_000), 20 * random.standard_normal(20_000)
    labels = (random.random(20_000) < 1 / (1 + np.exp(4 - text - 0.05 * sums))).astype(np.int8)
    points = fit_points(text, DEFAULT_SCORECARD, sums, labels, np.ones(20_000))
    assert points.weight / points.spread == pytest.approx(0.05, abs=0.005)


def test_points_that_say_no_more_than_chance_get_hardly_any_weight() -> None:
    """With forty counterfeits of 500, the weight of noise has a standard error of about .17; the prior's is 2.2."""
    random, point_weights = np.random.default_rng(0), []
    for _ in range(100):
        labels = (np.arange(500) < 40).astype(np.int8)
        text, sums = labels + random.standard_normal(500), 30 * random.standard_normal(500)
        point_weights.append(fit_points(text, DEFAULT_SCORECARD, sums, labels, np.ones(500)).weight)
    assert np.mean(point_weights) < 0.2
    assert max(point_weights) < 0.8


def test_few_labels_leave_the_points_the_scale_of_the_scorecard() -> None:
    """Thirteen and two thirds of its points are a unit of log-odds, whatever six labels say."""
    points = fit_points(np.arange(6.0), DEFAULT_SCORECARD, np.full(6, 20.0) + np.arange(6) % 2, LABELS[:6], np.ones(6))
    assert points.weight / points.spread == pytest.approx(1 / 13.65, rel=0.02)


def test_points_that_speak_against_the_labels_get_no_weight() -> None:
    assert fit_points(NOISE, DEFAULT_SCORECARD, -100 * TELLING, LABELS, np.ones(40)).weight == 0.0


def test_points_that_are_all_equal_are_harmless() -> None:
    assert fit_points(TELLING, DEFAULT_SCORECARD, np.zeros(40), LABELS, np.ones(40)).weight < 1e-9


# The input of a fit, computed in parts and sent as bytes, is that of all rows at once.

FIT_INPUT_FACTS = market_facts(a_market(40))


def are_equal(fit_input: FitInput, other: FitInput) -> bool:
    """To the last bit, and of the same types."""
    pairs = ((fit_input.numbers, other.numbers), *((fit_input.texts[i], other.texts[i]) for i in range(3)))
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


def test_parts_joined_are_the_input_of_all_rows() -> None:
    parts = [FitInput.of(FIT_INPUT_FACTS[start : start + 15]) for start in range(0, 40, 15)]
    assert are_equal(FitInput.joined(parts), FitInput.of(FIT_INPUT_FACTS))


def test_the_input_survives_as_bytes() -> None:
    fit_input = FitInput.of(FIT_INPUT_FACTS)
    assert are_equal(FitInput.from_bytes(fit_input.to_bytes(), 40), fit_input)


def damaged_inputs(fit_input: FitInput) -> dict[str, FitInput]:
    """Inputs that compiled code would read beyond the arrays, or for other rows."""
    indices, values, starts = fit_input.texts
    high, low, back = indices.copy(), indices.copy(), starts.copy()
    high[3], low[3] = COLUMNS, -1
    back[5] = back[7]
    return {
        "column too high": fit_input._replace(texts=fit_input.texts._replace(indices=high)),
        "negative column": fit_input._replace(texts=fit_input.texts._replace(indices=low)),
        "rows back": fit_input._replace(texts=fit_input.texts._replace(starts=back)),
        "later start": fit_input._replace(texts=fit_input.texts._replace(starts=np.maximum(starts, 1))),
        "values missing": fit_input._replace(texts=fit_input.texts._replace(values=values[:-1])),
        "a row missing": FitInput.of(FIT_INPUT_FACTS[1:]),
        "other numbers": fit_input._replace(numbers=fit_input.numbers[:, 1:]),
        "another type": fit_input._replace(texts=fit_input.texts._replace(values=values.astype(np.float64))),
    }


@pytest.mark.parametrize("fault", damaged_inputs(FitInput.of(FIT_INPUT_FACTS)))
def test_arrays_that_do_not_fit_are_refused(fault: str) -> None:
    with pytest.raises(ValueError, match="no input of these rows"):
        FitInput.from_bytes(damaged_inputs(FitInput.of(FIT_INPUT_FACTS))[fault].to_bytes(), 40)


def test_a_training_that_a_worker_fails_says_to_begin_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.fit.fit_input.matrix", None)
    failed = pytest.raises(ClusterFailed, match=r"failed \(TypeError: .*\)\. Run the same command again\.$")
    with a_cluster() as cluster, failed:
        fit_input_at(cluster.scheduler_address, FIT_INPUT_FACTS, lambda _share: None)


@pytest.mark.parametrize("answer", [b"", b"nothing", FitInput.of(FIT_INPUT_FACTS[1:]).to_bytes()])
def test_a_worker_s_answer_that_is_no_input_ends_the_training(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FitInputWork, "compute", lambda _self, _facts: answer)
    with a_cluster() as cluster, pytest.raises(ClusterFailed, match="something else than the input of its rows"):
        fit_input_at(cluster.scheduler_address, FIT_INPUT_FACTS, lambda _share: None)
