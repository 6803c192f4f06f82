"""The fit of the classifier: two learners, joined by a rule, calibrated out of fold, and reproducible."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from features.compute import NAMES, matrix
from features.facts import Facts
from models.arrays import Floats, Labels, Rows
from models.bundle import Masking
from models.calibration import expits
from models.classifier import Classifier, Join
from models.forest import Forest
from models.learners import Learner
from models.points import DEFAULT_POINTS, Points
from models.policies.deciding import DEFAULT_SCORECARD
from training.evaluate.splits import grouped_folds
from training.evaluate.tried import TriedFeature, tried_columns
from training.fit.calibration import OutOfFoldValues, fit_calibration
from training.fit.fit_input import FitInput
from training.fit.forest import MASK_SHARE, TAKE_OFFSET, Setup, fit_of
from training.fit.joining import fit_combiner, fit_offset, fit_points, join_of
from training.fit.settings import DEFAULT_SETTINGS, FitSettings
from training.fit.text import FittedText, fit_text
from training.fit.text_matrix import TextMatrix
from training.fit.weighting import trim_weights

Progress = Callable[[str, float], None]

INNER_FOLDS: Final = 5
_FEWEST_FOLDS: Final = 2


class _LearnerInput(NamedTuple):
    """What the learner of the numbers is fitted to, in n rows."""

    columns: Floats
    labels: Labels
    weights: Floats
    offset: Floats | None


@dataclass
class CounterfeitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Estimator over `Facts`: fit(facts, labels, groups=...), then predict_proba(facts).

    Parameters
    ----------
    seed
        Determines folds, row sampling and masking; equal data, code and seed give equal bundles.
    threads
        LightGBM's threads; their number does not affect the trees.
    without
        Names of features that are missing in every row, in fit and prediction.
    tried
        Features after those of the product. A model with them cannot be stored in a bundle.
    learner
        Name of the learner of the numbers, from `training.fit.forest`.
    settings
        Settings of the fit that a person gave instead of the defaults.

    Notes
    -----
    The references of a row's facts must exclude the row itself: the caller assembles facts by
    `training.snapshots.references`. Each class needs at least two sellers.
    """

    seed: int = 0
    threads: int = 1
    mask_share: float = MASK_SHARE
    without: frozenset[str] = frozenset()
    tried: tuple[TriedFeature, ...] = ()
    learner: str = Forest.name
    settings: FitSettings = DEFAULT_SETTINGS
    progress: Progress = field(default=lambda _what, _share: None, repr=False)

    def fit(
        self,
        facts: Sequence[Facts],
        labels: Labels,
        *,
        groups: NDArray[np.intp],
        sample_weight: Floats | None = None,
        represented: Floats | None = None,
        computed: FitInput | None = None,
    ) -> Self:
        """Fit on n facts, labels of shape (n,) in {0, 1}, seller groups (n,) and weights (n,).

        `represented` is the number of listings that each row stands for: with it, trimmed, the probabilities and the
        weight of the points describe all listings, and without it the rows as weighted. `computed` is
        `FitInput.of(facts)`, if the caller has it.
        """
        labels = np.asarray(labels, dtype=np.int8)
        weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        described = weights if represented is None else trim_weights(represented, labels == 1)
        join = join_of(int(labels.sum()), takes_offset=self.learner in TAKE_OFFSET)
        self.progress("features", 0.0)
        vectors, texts = computed or FitInput.of(facts)
        numbers = self._fitted(vectors, facts)
        folds = inner_folds(labels, groups, seed=self.seed)
        text_scores = np.zeros(len(labels))
        for i, (train, test) in enumerate(folds):
            self.progress("text", i / len(folds))
            text_scores[test] = self._text(texts, train, labels, weights).many_rows(texts, test)
        columns = np.column_stack([numbers, text_scores]) if join is Join.STACK else numbers
        by_text, offset = fit_offset(text_scores, labels, weights) if join is Join.OFFSET else (None, None)
        inputs = _LearnerInput(columns, labels, weights, offset)
        number_scores = np.zeros(len(labels))
        for i, (train, test) in enumerate(folds):
            self.progress(self.learner, i / len(folds))
            number_scores[test] = self._learner(inputs, train, join).raw(columns[test])
        self.progress("join", 0.0)
        combiner = by_text or fit_combiner(join, number_scores, text_scores, labels, weights)
        values = combiner.join_values(number_scores, text_scores)
        points = self._points(numbers, facts, text_scores, labels, described) if join is Join.OFFSET else None
        if points is not None:
            values = values + points.values(numbers[:, : len(NAMES)], [row.listing for row in facts])
        every = np.arange(len(labels))
        self.out_of_fold_, self.described_ = values, described
        self.model_ = Classifier(
            learner=self._learner(inputs, every, join),
            text=self._text(texts, every, labels, weights).model,
            combiner=combiner,
            calibration=fit_calibration(OutOfFoldValues(values, labels, described, groups), seed=self.seed),
            points=points,
        )
        self.classes_ = np.array([0, 1])
        self.masking_ = Masking(self.seed, self.mask_share)
        self.progress("join", 1.0)
        return self

    def decision_function(self, facts: Sequence[Facts]) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        return self.model_.log_odds(self._numbers(facts), [row.listing for row in facts], threads=self.threads)

    def predict_proba(self, facts: Sequence[Facts]) -> Floats:
        """Probabilities of genuine and counterfeit, shape (n, 2)."""
        positive = expits(self.decision_function(facts))
        return np.column_stack([1 - positive, positive])

    def predict(self, facts: Sequence[Facts]) -> NDArray[np.int_]:
        """1 where the probability of counterfeit is above a half; routing does not use this."""
        return (self.decision_function(facts) > 0).astype(np.int_)

    def _numbers(self, facts: Sequence[Facts]) -> Floats:
        return self._fitted(matrix(facts), facts)

    def _fitted(self, vectors: Floats, facts: Sequence[Facts]) -> Floats:
        """The vectors as this fit has them: with the tried features, and with missing values where it is without."""
        columns = np.column_stack([vectors, tried_columns(self.tried, facts)])
        columns[:, [NAMES.index(name) for name in sorted(self.without)]] = np.nan
        return columns

    def _text(self, texts: TextMatrix, rows: Rows, labels: Labels, weights: Floats) -> FittedText:
        return fit_text(texts, rows, labels, weights, cost=self.settings.text_cost)

    def _points(
        self, numbers: Floats, facts: Sequence[Facts], text_scores: Floats, labels: Labels, described: Floats
    ) -> Points:
        sums = DEFAULT_POINTS.sums(numbers[:, : len(NAMES)], [row.listing for row in facts])
        return fit_points(text_scores, DEFAULT_SCORECARD, sums, labels, described)

    def _learner(self, inputs: _LearnerInput, rows: Rows, join: Join) -> Learner:
        setup = Setup(
            join,
            int(inputs.labels.sum()),
            self.seed,
            self.threads,
            self.mask_share,
            tried=tuple(feature.name for feature in self.tried),
            forest=self.settings.forest,
            offset=None if inputs.offset is None else inputs.offset[rows],
        )
        return fit_of(self.learner)(inputs.columns[rows], inputs.labels[rows], inputs.weights[rows], setup)


def inner_folds(labels: Labels, groups: NDArray[np.intp], *, seed: int) -> list[tuple[Rows, Rows]]:
    """The folds by seller within a fit: rows to fit and rows to judge."""
    fewest = min(len(np.unique(groups[labels == label])) for label in (0, 1))
    return list(grouped_folds(labels, groups, folds=max(_FEWEST_FOLDS, min(INNER_FOLDS, fewest)), seed=seed))
