"""The fit of the classifier: two learners, joined by a rule, calibrated out of fold, and reproducible."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

from features.compute import NAMES
from models.arrays import Floats, Labels, Rows
from models.bundle import Masking
from models.calibration import Calibration, expits
from models.classifier import TEXT_COLUMN, Classifier, Combiner, Join
from models.forest import Forest
from models.learners import Learner
from models.points import DEFAULT_POINTS, Points
from models.policies.deciding import DEFAULT_SCORECARD
from training.evaluate.splits import grouped_folds
from training.fit.calibration import OutOfFoldValues, fit_calibration, fit_curve, method_for
from training.fit.forest import MASK_SHARE, TAKE_OFFSET, ForestSettings, Setup, fit_of
from training.fit.joining import fit_combiner, fit_offset, fit_points, join_of
from training.fit.listing_rows import TEXT_FIELDS, ListingRows, check_columns, has_text
from training.fit.text import TEXT_COST, FittedText, fit_text
from training.fit.text_matrix import TextMatrix
from training.fit.weighting import trim_weights

Progress = Callable[[str, float], None]

INNER_FOLDS: Final = 5
_FEWEST_FOLDS: Final = 2


@dataclass(frozen=True, slots=True)
class _Task:
    """The rows of a fit: labels in {0, 1}, weights and seller groups, each of shape (n,), and the folds by seller.

    `texts` and `join` are None where there is no text.
    """

    rows: ListingRows
    texts: TextMatrix | None
    labels: Labels
    weights: Floats
    groups: NDArray[np.intp]
    folds: list[tuple[Rows, Rows]]
    join: Join | None


class CounterfeitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Estimator over a frame as of `training.frame.features_frame`, or over a matrix of any numbers without text.

    Parameters
    ----------
    seed
        Determines folds, row sampling and masking; equal data, code and seed give equal bundles.
    threads
        LightGBM's threads; their number does not affect the trees.
    folds
        Folds by seller of the out-of-fold values, if each class has so many sellers.
    mask_share
        Share of the rows that are repeated with a family of signals missing.
    learner
        Name of the learner of the numbers, from `training.fit.forest`.
    rounds, leaves, learning_rate, rows_per_leaf, column_share, row_share, l2
        As `ForestSettings`; None is the setting for the number of positives.
    text_cost
        Cost of the text model.
    progress
        Called with each step and the share of it that is done.

    Notes
    -----
    Two classes; the second of `classes_` is the one that is found. NaN is missing. The references of a row must exclude
    the row itself. Without `groups`, each row is a seller's only one. Each class needs at least two sellers.
    """

    model_: Classifier

    def __init__(
        self,
        *,
        seed: int = 0,
        threads: int = 1,
        folds: int = INNER_FOLDS,
        mask_share: float = MASK_SHARE,
        learner: str = Forest.name,
        rounds: int | None = None,
        leaves: int | None = None,
        learning_rate: float | None = None,
        rows_per_leaf: int | None = None,
        column_share: float | None = None,
        row_share: float | None = None,
        l2: float | None = None,
        text_cost: float = TEXT_COST,
        progress: Progress | None = None,
    ) -> None:
        self.seed, self.threads, self.folds, self.mask_share, self.learner = seed, threads, folds, mask_share, learner
        self.rounds, self.leaves, self.learning_rate, self.rows_per_leaf = rounds, leaves, learning_rate, rows_per_leaf
        self.column_share, self.row_share, self.l2, self.text_cost = column_share, row_share, l2, text_cost
        self.progress = progress

    def fit(
        self,
        X: Any,  # noqa: N803  # scikit-learn's name
        y: ArrayLike,
        groups: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        represented: Floats | None = None,
    ) -> Self:
        """Fit on n rows, labels of two classes, sellers and weights, each of shape (n,).

        `represented` is the number of listings that each row stands for: with it, trimmed, the probabilities and the
        weight of the points describe all listings, and without it the rows as weighted.

        Raises ValueError (a column is misspelt or missing, or a class has too few sellers).
        """
        rows, targets = self._read_rows(X, y)
        weights = _check_sample_weight(sample_weight, rows.numbers, dtype=np.float64)
        sellers = np.arange(len(targets)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        labels = self._two_classes(targets)
        self.described_ = weights if represented is None else trim_weights(represented, labels == 1)
        self._fit_rows(rows, labels, weights, sellers)
        return self

    def decision_function(self, X: Any) -> Floats:  # noqa: N803  # as above
        """Calibrated log-odds of the second class, shape (n,)."""
        check_is_fitted(self)
        rows, _ = self._read_rows(X, reset=False)
        if rows.listings is None:
            return self.calibration_.log_odds(self.learner_.raw(rows.numbers, threads=self.threads))
        return self.model_.log_odds(rows.numbers, rows.listings, threads=self.threads)

    def predict_proba(self, X: Any) -> Floats:  # noqa: N803  # as above
        """Probabilities of both classes, shape (n, 2)."""
        positive = expits(self.decision_function(X))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> NDArray[Any]:  # noqa: N803  # as above
        """The more probable class of each row; routing does not use this."""
        chosen = (self.decision_function(X) > 0).astype(np.intp)
        classes: NDArray[Any] = self.classes_[chosen]
        return classes

    def _read_rows(self, X: Any, y: Any = "no_validation", *, reset: bool = True) -> tuple[ListingRows, Any]:  # noqa: N803  # as above
        """The rows, and the labels as an array."""
        if isinstance(X, ListingRows):
            if reset:
                self.feature_names_in_ = np.array([*X.names, *TEXT_FIELDS], dtype=object)
                self.n_features_in_ = len(self.feature_names_in_)
            return X, np.asarray(y)
        if has_text(X):
            rows = ListingRows.of_frame(X)
            checked = validate_data(self, X, y, reset=reset, skip_check_array=True)
            return rows, column_or_1d(checked[1]) if reset else None
        if not reset and hasattr(self, "model_"):
            raise ValueError("The classifier was fitted on a frame with text; give it a frame of the same columns.")
        columns = getattr(X, "columns", ())
        check_columns(list(columns), [])
        least = {"ensure_min_samples": 2} if reset else {}
        checked = validate_data(self, X, y, reset=reset, dtype=np.float64, ensure_all_finite="allow-nan", **least)
        numbers, y = checked if reset else (checked, None)
        known = {i: name for i, name in enumerate(columns) if name in NAMES}
        names = tuple(known.get(i, f"column_{i}") for i in range(numbers.shape[1]))
        return ListingRows(numbers, None, names), y

    def _two_classes(self, y: NDArray[Any]) -> Labels:
        """The labels as 0 and 1, in the order of `classes_`."""
        check_classification_targets(y)
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) > 2:
            raise ValueError("Only binary classification is supported. The type of the target is multiclass.")
        if len(self.classes_) < 2:
            raise ValueError(
                "The labels have one class; folds by seller need at least 2 with counterfeit and 2 genuine."
            )
        return numbers.astype(np.int8)

    def _fit_rows(self, rows: ListingRows, labels: Labels, weights: Floats, groups: NDArray[np.intp]) -> None:
        self._tell("features", 0.0)
        texts = join = None
        if rows.listings is not None:
            join = join_of(int(labels.sum()), takes_offset=self.learner in TAKE_OFFSET)
            texts = rows.texts or TextMatrix.of(rows.listings)
        folds = inner_folds(labels, groups, seed=self.seed, folds=self.folds)
        task = _Task(rows, texts, labels, weights, groups, folds, join)
        text_scores = self._text_out_of_fold(task)
        by_text, offset = fit_offset(text_scores, labels, weights, groups) if join is Join.OFFSET else (None, None)
        columns = np.column_stack([rows.numbers, text_scores]) if join is Join.STACK else rows.numbers
        number_scores = self._numbers_out_of_fold(task, columns, offset)
        self._tell("join", 0.0)
        combiner, points, self.out_of_fold_ = self._joined(task, by_text, number_scores, text_scores)
        self.calibration_ = self._calibration(task)
        every = np.arange(len(labels))
        self.learner_ = self._learner(task, columns, offset, every)
        self.masking_ = Masking(self.seed, self.mask_share)
        if hasattr(self, "model_"):
            del self.model_
        if combiner is not None:
            text = self._text(task, every).model
            self.model_ = Classifier(self.learner_, text, combiner, self.calibration_, points)
        self._tell("join", 1.0)

    def _text_out_of_fold(self, task: _Task) -> Floats:
        """The text's value of each row by the model of the other folds, shape (n,); zero without text."""
        scores = np.zeros(len(task.labels))
        if task.texts is not None:
            for i, (train, test) in enumerate(task.folds):
                self._tell("text", i / len(task.folds))
                scores[test] = self._text(task, train).many_rows(task.texts, test)
        return scores

    def _numbers_out_of_fold(self, task: _Task, columns: Floats, offset: Floats | None) -> Floats:
        """The learner's value of each row by the learner of the other folds, shape (n,)."""
        scores = np.zeros(len(task.labels))
        for i, (train, test) in enumerate(task.folds):
            self._tell(self.learner, i / len(task.folds))
            scores[test] = self._learner(task, columns, offset, train).raw(columns[test])
        return scores

    def _joined(
        self, task: _Task, by_text: Combiner | None, numbers: Floats, text: Floats
    ) -> tuple[Combiner | None, Points | None, Floats]:
        """Combiner, points and the joined out-of-fold values, shape (n,); the numbers alone without text."""
        if task.join is None or task.rows.listings is None:
            return None, None, numbers
        combiner = by_text or fit_combiner(task.join, numbers, text, task.labels, task.weights)
        values = combiner.join_values(numbers, text)
        if task.join is not Join.OFFSET:
            return combiner, None, values
        points = self._points(task, text)
        return combiner, points, values + points.values(task.rows.numbers[:, : len(NAMES)], task.rows.listings)

    def _points(self, task: _Task, text_scores: Floats) -> Points:
        sums = DEFAULT_POINTS.sums(task.rows.numbers[:, : len(NAMES)], task.rows.listings or ())
        return fit_points(text_scores, DEFAULT_SCORECARD, sums, task.labels, self.described_)

    def _calibration(self, task: _Task) -> Calibration:
        """The calibration of the out-of-fold values; without text it has no band, which nothing would show."""
        sample = OutOfFoldValues(self.out_of_fold_, task.labels, self.described_, task.groups)
        if task.join is not None:
            return fit_calibration(sample, seed=self.seed)
        method = method_for(int(task.labels.sum()), len(np.unique(task.groups[task.labels == 1])))
        return Calibration(method, fit_curve(method, sample), None)

    def _text(self, task: _Task, rows: Rows) -> FittedText:
        assert task.texts is not None
        return fit_text(task.texts, rows, task.labels, task.weights, cost=self.text_cost)

    def _learner(self, task: _Task, columns: Floats, offset: Floats | None, rows: Rows) -> Learner:
        settings = {field.name: getattr(self, field.name) for field in fields(ForestSettings)}
        names = (*task.rows.names, TEXT_COLUMN) if task.join is Join.STACK else task.rows.names
        setup = Setup(
            names,
            int(task.labels.sum()),
            self.seed,
            self.threads,
            self.mask_share if task.join else 0.0,
            forest={name: setting for name, setting in settings.items() if setting is not None},
            offset=None if offset is None else offset[rows],
        )
        return fit_of(self.learner)(columns[rows], task.labels[rows], task.weights[rows], setup)

    def _tell(self, step: str, share: float) -> None:
        if self.progress is not None:
            self.progress(step, share)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags


def inner_folds(
    labels: Labels, groups: NDArray[np.intp], *, seed: int, folds: int = INNER_FOLDS
) -> list[tuple[Rows, Rows]]:
    """The folds by seller within a fit: rows to fit and rows to judge."""
    fewest = min(len(np.unique(groups[labels == label])) for label in (0, 1))
    return list(grouped_folds(labels, groups, folds=max(_FEWEST_FOLDS, min(folds, fewest)), seed=seed))
