"""The numeric part as a scikit-learn estimator: it passes scikit-learn's own checks, and knows sellers."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.inspection import permutation_importance
from sklearn.utils.estimator_checks import parametrize_with_checks

from features.compute import matrix
from tests.fixtures.labelled import a_market, market_facts
from training.evaluate.metrics import average_precision
from training.fit.numbers import NumbersClassifier

DATA = a_market(160)
ROWS = matrix(market_facts(DATA))
SMALL: Final = NumbersClassifier(rounds=5, folds=2, rows_per_leaf=2, column_share=1.0)
# The reason of each check of scikit-learn that must fail.
NOT_PASSED: Final = {
    "check_sample_weight_equivalence_on_dense_data": "a weight is not a repetition: rows are sampled, and each column "
    "has a masked copy of a row"
}


def _expected_failures(_estimator: object) -> dict[str, str]:
    return NOT_PASSED


@parametrize_with_checks([SMALL], expected_failed_checks=_expected_failures)  # type: ignore[untyped-decorator]  # as scikit-learn
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: Callable[[Any], None]) -> None:
    check(estimator)


def fitted_classifier(**changes: Any) -> NumbersClassifier:
    model = clone(SMALL).set_params(rounds=30, rows_per_leaf=5, **changes)
    classifier: NumbersClassifier = model.fit(ROWS, DATA.labels, groups=DATA.groups)
    return classifier


def test_it_tells_counterfeits_of_unseen_sellers_apart() -> None:
    assert average_precision(DATA.labels, fitted_classifier().out_of_fold_) > 1.5 * DATA.labels.mean()


def test_its_probabilities_are_calibrated_out_of_fold() -> None:
    model = fitted_classifier()
    probabilities = 1 / (1 + np.exp(-model.calibration_.log_odds(model.out_of_fold_)))
    assert abs(probabilities.mean() - DATA.labels.mean()) < 0.01
    assert np.allclose(model.predict_proba(ROWS).sum(axis=1), 1)


def test_a_seller_is_never_on_both_sides_of_a_fold() -> None:
    """A column that names the seller is worth nothing out of fold, unless its rows are on both sides."""
    names = np.random.default_rng(0).permutation(DATA.groups.max() + 1)[DATA.groups].astype(np.float64)[:, None]
    by_seller, by_row = (
        clone(SMALL).set_params(rounds=200, leaves=40).fit(names, DATA.labels, groups=groups)
        for groups in (DATA.groups, None)
    )
    assert (
        average_precision(DATA.labels, by_row.out_of_fold_)
        > average_precision(DATA.labels, by_seller.out_of_fold_) + 0.1
    )


def test_equal_seeds_give_equal_forests_and_a_missing_value_is_not_zero() -> None:
    model, same, other = fitted_classifier(), fitted_classifier(), fitted_classifier(seed=1, row_share=0.5)
    assert model.forest_.text == same.forest_.text != other.forest_.text
    rows = ROWS.copy()
    rows[:, 0] = np.nan
    zeros = ROWS.copy()
    zeros[:, 0] = 0.0
    assert np.isfinite(model.decision_function(rows)).all()
    assert not np.array_equal(model.decision_function(rows), model.decision_function(zeros))


@pytest.mark.parametrize(
    ("labels", "sentence"),
    [
        (np.zeros(160), "the labels have one class"),
        (np.arange(160) % 3, "Only binary classification is supported"),
        (np.arange(160) == 0, "Each class needs at least two sellers"),
    ],
)
def test_labels_that_cannot_be_learnt_are_refused(labels: Any, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        SMALL.fit(ROWS, labels)


def test_the_tools_of_scikit_learn_work_on_the_features_of_facts() -> None:
    importance = permutation_importance(
        fitted_classifier(), ROWS[:, :], DATA.labels, scoring="average_precision", n_repeats=1, random_state=0
    )
    assert importance.importances_mean.shape == (ROWS.shape[1],)
    assert importance.importances_mean.max() > 0
