from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from features.compute import NAMES, matrix
from features.facts import Facts
from models.arrays import Labels
from models.bundle import digest_of, to_files
from models.classifier import Classifier, Join
from models.forest import Forest, splits_without_missing
from models.phrases import NO_PHRASES
from models.routing import Thresholds
from tests.fixtures.labelled import a_market, market_facts, market_references
from training import metrics
from training.fit import CounterfeitClassifier
from training.material import Labelled

DATA = a_market(120)
FACTS = market_facts(DATA)


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
        phrases=NO_PHRASES,
    )
    return digest_of(files)


@cache
def the_model() -> CounterfeitClassifier:
    return fitted()


def test_equal_data_and_seed_give_an_equal_bundle() -> None:
    assert digest(fitted()) == digest(the_model())


def test_threads_do_not_change_the_bundle() -> None:
    assert digest(fitted(threads=2)) == digest(the_model())


def test_another_seed_gives_another_bundle() -> None:
    assert digest(fitted(seed=1)) != digest(the_model())


def test_one_other_label_gives_another_bundle() -> None:
    labels = DATA.labels.copy()
    labels[0] = 1 - labels[0]
    assert digest(fitted(labels=labels)) != digest(the_model())


def test_label_weights_change_the_model() -> None:
    weights = np.where(np.arange(120) % 2, 1.0, 0.3)
    assert digest(fitted(weights=weights)) != digest(the_model())


def test_equal_weights_are_as_none() -> None:
    assert digest(fitted(weights=np.ones(120))) == digest(the_model())


def test_a_model_ranks_unseen_sellers_better_than_chance() -> None:
    assert metrics.average_precision(DATA.labels, the_model().out_of_fold_) > DATA.labels.mean() + 0.2


def test_a_model_scores_another_time_as_it_did() -> None:
    assert np.array_equal(the_model().decision_function(FACTS), the_model().decision_function(FACTS))


def test_the_order_of_the_listings_changes_no_score() -> None:
    assert the_model().decision_function(FACTS[::-1]).tolist() == the_model().decision_function(FACTS)[::-1].tolist()


def test_probabilities_of_both_classes_sum_to_one() -> None:
    found = the_model().predict_proba(FACTS)
    assert found.shape == (120, 2)
    assert np.allclose(found.sum(axis=1), 1, rtol=0, atol=1e-15)


def test_the_likelier_class_is_predicted() -> None:
    assert np.array_equal(the_model().predict(FACTS), (the_model().predict_proba(FACTS)[:, 1] > 0.5).astype(int))


def test_scikit_learn_can_clone_the_estimator() -> None:
    assert clone(CounterfeitClassifier(seed=3, mask_share=0.3)).get_params()["mask_share"] == 0.3


def test_out_of_fold_values_are_one_for_each_row() -> None:
    assert the_model().out_of_fold_.shape == (120,)
    assert np.isfinite(the_model().out_of_fold_).all()


def test_progress_is_reported() -> None:
    told: list[str] = []
    CounterfeitClassifier(progress=lambda what, _share: told.append(what)).fit(FACTS, DATA.labels, groups=DATA.groups)
    assert list(dict.fromkeys(told)) == ["features", "text", "forest", "join"]


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
        CounterfeitClassifier().fit(FACTS, labels, groups=groups)


@cache
def a_large_market() -> Labelled:
    return a_market(640, share=0.6)


def with_positives(n: int) -> Labels:
    """The labels of the large market with only its first n positives."""
    labels = a_large_market().labels.copy()
    labels[np.flatnonzero(labels)[n:]] = 0
    return labels


def large(positives: int) -> CounterfeitClassifier:
    return CounterfeitClassifier().fit(_large_facts(), with_positives(positives), groups=a_large_market().groups)


def text_of(model: Classifier) -> str:
    assert isinstance(model.learner, Forest)
    return model.learner.text


@cache
def _large_facts() -> list[Facts]:
    return market_facts(a_large_market())


@pytest.mark.parametrize("positives", [299, 300])
def test_the_forest_is_fitted_to_what_the_text_leaves_open(positives: int) -> None:
    model = large(positives).model_
    assert (model.combiner.join, model.learner.columns) == (Join.OFFSET, NAMES)
    assert model.combiner.text_weight > 0
    assert splits_without_missing(text_of(model)) == 0


def test_the_forest_reads_no_missing_value_as_zero() -> None:
    """No row of the market lacks its text or its price, so only masked copies have missing values."""
    assert not np.isnan(matrix(FACTS)[:, NAMES.index("text_title_length")]).any()
    assert splits_without_missing(text_of(the_model().model_)) == 0
