"""Classifiers that are only compared: any of scikit-learn's is an entry here, and none of them goes into a bundle."""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from features.compute import NAMES
from models.arrays import Floats, Labels
from training.fit.listing_rows import ListingRows


def of_numbers(*steps: Any) -> Any:
    """A pipeline that reads the features of a frame, and not its text."""
    return make_pipeline(make_column_transformer(("passthrough", list(NAMES))), *steps)


# A new estimator of frames as `training.frame.features_frame` makes them, with the seed of the folds.
COMPARED: Final[dict[str, Callable[[int], Any]]] = {
    "random_forest": lambda seed: of_numbers(RandomForestClassifier(300, min_samples_leaf=3, random_state=seed)),
    "logistic_regression": lambda _seed: of_numbers(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        StandardScaler(),
        LogisticRegression(max_iter=2_000),
    ),
}


def compared_scores(name: str, rows: ListingRows, labels: Labels, tested: ListingRows, *, seed: int) -> Floats:
    """The scores of the tested rows by an entry fitted on the rows; its fit knows no weights."""
    estimator = COMPARED[name](seed).fit(rows.frame(), labels)
    if hasattr(estimator, "decision_function"):
        return np.asarray(estimator.decision_function(tested.frame()), dtype=np.float64)
    return np.asarray(estimator.predict_proba(tested.frame())[:, 1], dtype=np.float64)
