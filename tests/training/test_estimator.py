"""The classifier as scikit-learn knows estimators: its checks, its tools, and frames with faults."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import joblib
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict
from sklearn.utils.estimator_checks import parametrize_with_checks

from features.compute import NAMES
from tests.fixtures.labelled import a_market, market_facts
from training.evaluate.metrics import average_precision
from training.fit.classifier import CounterfeitClassifier
from training.fit.listing_rows import TEXT_FIELDS, ListingRows
from training.frame import facts_frame

DATA: Final = a_market(80)
FACTS: Final = market_facts(DATA)
FRAME: Final = facts_frame(FACTS)
SMALL: Final = CounterfeitClassifier(rounds=5, folds=2, rows_per_leaf=2, column_share=1.0)
# The reason of each check of scikit-learn that must fail.
NOT_PASSED: Final = {
    "check_sample_weight_equivalence_on_dense_data": "a weight is not a repetition: rows are sampled, and each column "
    "has a masked copy of a row"
}


@parametrize_with_checks([SMALL])  # type: ignore[untyped-decorator]  # as scikit-learn
def test_it_passes_the_checks_of_scikit_learn(estimator: Any, check: partial[None]) -> None:
    if check.func.__name__ in NOT_PASSED:  # An expected failure of pytest would print what Python 3.11 cannot always.
        with pytest.raises(AssertionError):
            check(estimator)
    else:
        check(estimator)


def fitted(frame: Any = FRAME, labels: Any = DATA.labels, **parameters: Any) -> CounterfeitClassifier:
    model: CounterfeitClassifier = clone(SMALL).set_params(**parameters)
    return model.fit(frame, labels, groups=DATA.groups)


def test_a_frame_is_fitted_as_the_product_fits_its_facts() -> None:
    of_frame, of_facts = fitted(), fitted(ListingRows.of(FACTS))
    assert np.array_equal(of_frame.out_of_fold_, of_facts.out_of_fold_)
    assert np.array_equal(of_frame.predict_proba(FRAME), of_facts.predict_proba(ListingRows.of(FACTS)))
    assert of_frame.feature_names_in_.tolist() == of_facts.feature_names_in_.tolist() == [*NAMES, *TEXT_FIELDS]
    assert of_frame.n_features_in_ == len(NAMES) + 5


def test_the_points_of_new_goods_are_read_from_the_condition() -> None:
    model = fitted()
    points = model.model_.points
    assert points is not None
    new = ListingRows.of_frame(FRAME.assign(condition="new"))
    assert [listing.condition for listing in new.listings or ()] == ["new"] * 80
    assert not np.array_equal(model.decision_function(FRAME.assign(condition="new")), model.decision_function(FRAME))


def test_numbers_alone_are_fitted_without_text() -> None:
    model = fitted(FRAME[list(NAMES)].to_numpy())
    assert not hasattr(model, "model_")
    assert average_precision(DATA.labels, model.out_of_fold_) > DATA.labels.mean()
    assert not hasattr(model.fit(FRAME, DATA.labels).fit(FRAME[["price_log"]], DATA.labels), "model_")


def test_a_further_column_of_numbers_is_learnt_too() -> None:
    tried = FRAME.assign(mine=DATA.labels + np.linspace(0, 0.5, 80))
    assert average_precision(DATA.labels, fitted(tried, rounds=40).out_of_fold_) > 0.9


def test_any_two_labels_are_named_in_their_order() -> None:
    model = fitted(labels=np.where(DATA.labels == 1, "zinc", "gold"))
    assert model.classes_.tolist() == ["gold", "zinc"]
    assert np.array_equal(model.predict(FRAME) == "zinc", fitted().predict(FRAME) == 1)


def test_a_search_over_text_and_forest_works_on_sellers() -> None:
    grid = [{"text_cost": [0.01]}, {"rounds": [2]}]
    search = GridSearchCV(SMALL, grid, scoring="average_precision", cv=GroupKFold(2))
    search.fit(FRAME, DATA.labels, groups=DATA.groups)
    assert len({*search.cv_results_["mean_test_score"]}) == 2
    assert search.best_estimator_.get_params().items() >= search.best_params_.items()


def test_folds_within_a_fit_are_by_seller_where_the_sellers_are_given_to_it() -> None:
    """A column that names the seller is worth nothing out of fold, unless its rows are on both sides."""
    names = np.random.default_rng(0).permutation(DATA.groups.max() + 1)[DATA.groups].astype(np.float64)[:, None]
    model = clone(SMALL).set_params(rounds=60, leaves=40)
    by_seller = clone(model).fit(names, DATA.labels, groups=DATA.groups).out_of_fold_
    by_row = clone(model).fit(names, DATA.labels).out_of_fold_
    assert average_precision(DATA.labels, by_row) > average_precision(DATA.labels, by_seller) + 0.1
    with sklearn.config_context(enable_metadata_routing=True):
        routed = cross_val_predict(
            clone(model).set_fit_request(groups=True),
            names,
            DATA.labels,
            cv=GroupKFold(2),
            params={"groups": DATA.groups},
        )
    direct = cross_val_predict(
        model, names, DATA.labels, cv=GroupKFold(2), groups=DATA.groups, params={"groups": DATA.groups}
    )
    assert np.array_equal(routed, direct)


def test_a_user_may_keep_a_fitted_model_by_joblib(tmp_path: Path) -> None:
    model, stream = fitted(), BytesIO()
    joblib.dump(model, stream)
    stream.seek(0)
    assert np.array_equal(joblib.load(stream).decision_function(FRAME), model.decision_function(FRAME))


FAULTS: Final = [
    (lambda frame: frame.rename(columns={"title": "titel"}), r"no column titel \(nearest: title\)", "a text misspelt"),
    (lambda frame: frame.rename(columns={NAMES[3]: NAMES[3] + "s"}), f"{NAMES[3]}s .nearest: {NAMES[3]}", "a number"),
    (lambda frame: frame.drop(columns="brand"), "The column brand.* is missing", "a text lacks"),
    (lambda frame: frame.drop(columns=NAMES[5]), f"The column {NAMES[5]}.* is missing", "a number lacks"),
    (lambda frame: frame.assign(colour="red"), "The column colour.* has no numbers", "a text that nobody reads"),
    (lambda frame: frame[["price_log"]].set_axis(["price_lgo"], axis=1), "nearest: price_log", "in numbers alone"),
]


@pytest.mark.parametrize(("fault", "sentence"), [fault[:2] for fault in FAULTS], ids=[fault[2] for fault in FAULTS])
def test_a_column_that_is_misspelt_or_missing_is_refused_by_its_name(
    fault: Callable[[Any], Any], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        fitted(fault(FRAME))


def test_a_model_of_a_frame_takes_no_matrix() -> None:
    with pytest.raises(ValueError, match="give it a frame of the same columns"):
        fitted().predict(FRAME[list(NAMES)].to_numpy())
