"""The numeric part of the classifier as a scikit-learn estimator: forest and calibration, for any numeric columns.

`CounterfeitClassifier` fits facts, because it reads their text too. This estimator fits a matrix, so that the tools of
scikit-learn work on the features of snapshots: permutation importance, learning curves, partial dependence.
"""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from models.arrays import Floats
from models.calibration import expits
from training.evaluate.splits import grouped_folds
from training.fit.calibration import OutOfFoldValues, fit_curve, method_for
from training.fit.forest import ForestSettings, grow_forest, with_masked_copies

_FEWEST_FOLDS = 2


class NumbersClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A forest of numeric columns, calibrated out of fold by seller; NaN is missing.

    Parameters
    ----------
    rounds, leaves, learning_rate, rows_per_leaf, column_share, row_share, l2
        As `ForestSettings`; the defaults are those of few positives.
    folds
        Folds by seller of the out-of-fold values on which the calibration is fitted.
    seed, threads
        As in `CounterfeitClassifier`.

    Notes
    -----
    Two classes. A row has the weight that it is given, and each column one masked copy, so that the forest knows
    missing values in every column; weights and repeated rows are therefore not exchangeable.
    """

    def __init__(
        self,
        *,
        rounds: int = 400,
        leaves: int = 7,
        learning_rate: float = 0.03,
        rows_per_leaf: int = 10,
        column_share: float = 0.4,
        row_share: float = 0.8,
        l2: float = 5.0,
        folds: int = 5,
        seed: int = 0,
        threads: int = 1,
    ) -> None:
        self.rounds, self.leaves, self.learning_rate, self.rows_per_leaf = rounds, leaves, learning_rate, rows_per_leaf
        self.column_share, self.row_share, self.l2 = column_share, row_share, l2
        self.folds, self.seed, self.threads = folds, seed, threads

    def fit(
        self,
        X: ArrayLike,  # noqa: N803  # scikit-learn's name
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Fit on rows (n, columns), labels (n,) of two classes, weights (n,) and sellers (n,); by default each row is
        a seller's only one."""
        rows, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_samples=2)
        check_classification_targets(labels)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if len(self.classes_) != 2:
            kind = "multi-class" if len(self.classes_) > 2 else "one class"
            raise ValueError(f"Only binary classification is supported: the labels have {kind}.")
        weights = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        sellers = np.arange(len(rows)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        positive = numbers.astype(np.int8)
        values = np.zeros(len(rows))
        for train, test in grouped_folds(positive, sellers, folds=self._folds(positive, sellers), seed=self.seed):
            values[test] = self._forest(rows[train], positive[train], weights[train]).raw(rows[test])
        method = method_for(int(positive.sum()), len(np.unique(sellers[positive == 1])))
        self.calibration_ = fit_curve(method, OutOfFoldValues(values, positive, weights, sellers))
        self.out_of_fold_ = values
        self.forest_ = self._forest(rows, positive, weights)
        return self

    def decision_function(self, X: ArrayLike) -> Floats:  # noqa: N803  # as above
        """Calibrated log-odds of the second class, shape (n,)."""
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", reset=False)
        return self.calibration_.log_odds(self.forest_.raw(rows))

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803  # as above
        """Probabilities of both classes, shape (n, 2)."""
        positive = expits(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803  # as above
        """The more probable class of each row."""
        chosen = (self.decision_function(X) > 0).astype(np.intp)
        classes: NDArray[Any] = self.classes_[chosen]
        return classes

    def _forest(self, rows: Floats, labels: NDArray[np.int8], weights: Floats) -> Any:
        families = [np.array([i], dtype=np.intp) for i in range(rows.shape[1])]
        shown = with_masked_copies(rows, labels, weights, seed=self.seed, share=0.0, families=families)
        settings = ForestSettings(
            self.rounds, self.leaves, self.learning_rate, self.rows_per_leaf, self.column_share, self.row_share, self.l2
        )
        names = [f"column_{i}" for i in range(rows.shape[1])]
        return grow_forest(*shown, settings=settings, names=names, seed=self.seed, threads=self.threads)

    def _folds(self, labels: NDArray[np.int8], sellers: NDArray[np.intp]) -> int:
        fewest = min(len(np.unique(sellers[labels == label])) for label in (0, 1))
        if fewest < _FEWEST_FOLDS:
            raise ValueError("Each class needs at least two sellers; one class has only one.")
        return min(self.folds, fewest)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags
