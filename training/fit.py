"""Labelled facts to a classifier: two learners, joined by a rule, calibrated out of fold, the same every time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import lightgbm as lgb
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score

from features import text_kernel
from features.compute import NAMES, family_columns, matrix
from features.facts import Facts
from features.spec import Family
from models.bundle import Masking
from models.calibration import Sigmoid, expit
from models.classifier import Classifier, Combiner, Join, Standard, forest_columns
from models.forest import Forest, export
from models.textmodel import DESCRIPTION_SCALE, TextModel
from training.splits import Rows, grouped_folds

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
Progress = Callable[[str, float], None]

# DECISIONS 16: below this many positives a forest cannot learn what a text score is worth [T: .269 against .420 AP].
STACK_FROM_POSITIVES: Final = 300
# The stated prior of the sum: text twice the numbers, pulled towards as if 100 positives had shown it.
TEXT_WEIGHT_PRIOR: Final = 2 / 3
TEXT_WEIGHT_PRIOR_POSITIVES: Final = 100
_WEIGHT_GRID: Final = tuple(i / 20 for i in range(2, 20))
INNER_FOLDS: Final = 5
_FEWEST_FOLDS: Final = 2
TEXT_C: Final = 10.0  # As the character baseline's; weak regularisation suits many rare n-grams.
MASK_SHARE: Final = 0.15


@dataclass(frozen=True, slots=True)
class ForestSettings:
    """LightGBM's settings; small trees for small data, and nothing that depends on threads or time."""

    rounds: int
    leaves: int
    learning_rate: float
    rows_per_leaf: int
    column_share: float = 0.4
    row_share: float = 0.8
    l2: float = 5.0

    def parameters(self, seed: int, threads: int) -> dict[str, Any]:
        """The mapping that LightGBM reads."""
        return {
            "objective": "binary",
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.rows_per_leaf,
            "feature_fraction": self.column_share,
            "bagging_fraction": self.row_share,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": threads,
            "seed": seed,
            "verbose": -1,
        }


def forest_settings(positives: int) -> ForestSettings:
    """Settings by the number of positives, fixed beforehand: more examples carry more and larger trees."""
    if positives < STACK_FROM_POSITIVES:
        return ForestSettings(rounds=150, leaves=7, learning_rate=0.03, rows_per_leaf=10)
    if positives < 10 * STACK_FROM_POSITIVES:
        return ForestSettings(rounds=250, leaves=15, learning_rate=0.04, rows_per_leaf=20)
    return ForestSettings(rounds=400, leaves=31, learning_rate=0.05, rows_per_leaf=40)


@dataclass
class CounterfeitClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Estimator over `Facts`: fit(facts, labels, groups=...), then predict_proba(facts).

    Parameters
    ----------
    seed
        Decides folds, row sampling and masking; equal data, code and seed give equal bundles.
    threads
        LightGBM's threads; they change the time taken, not the trees.

    Notes
    -----
    References inside the facts must not have been made from the rows they are compared with: the caller assembles
    facts by `training.references`. Labels of one class, or sellers of one class fewer than two, are refused.
    """

    seed: int = 0
    threads: int = 1
    mask_share: float = MASK_SHARE
    progress: Progress = field(default=lambda _what, _share: None, repr=False)

    def fit(
        self,
        facts: Sequence[Facts],
        labels: Labels,
        *,
        groups: NDArray[np.intp],
        sample_weight: Floats | None = None,
    ) -> Self:
        """Fit on n facts, labels of shape (n,) in {0, 1}, seller groups (n,) and weights (n,)."""
        labels = np.asarray(labels, dtype=np.int8)
        weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        positives = int(labels.sum())
        join = Join.SUM if positives < STACK_FROM_POSITIVES else Join.STACK
        self.progress("features", 0.0)
        numbers, texts = matrix(facts), TextMatrix.of(facts)
        folds = list(grouped_folds(labels, groups, folds=_inner_folds(labels, groups), seed=self.seed))
        text_scores = np.zeros(len(labels))
        for i, (train, test) in enumerate(folds):
            self.progress("text", i / len(folds))
            text_scores[test] = fit_text(texts, train, labels, weights).many_rows(texts, test)
        columns = np.column_stack([numbers, text_scores]) if join is Join.STACK else numbers
        number_scores = np.zeros(len(labels))
        for i, (train, test) in enumerate(folds):
            self.progress("forest", i / len(folds))
            number_scores[test] = self._forest(columns, labels, weights, train, join=join).raw(columns[test])
        self.progress("join", 0.0)
        combiner = _combiner(join, number_scores, text_scores, labels, weights)
        values = combiner.join_values(number_scores, text_scores)
        every = np.arange(len(labels))
        self.out_of_fold_ = values
        self.model_ = Classifier(
            forest=self._forest(columns, labels, weights, every, join=join),
            text=fit_text(texts, every, labels, weights).model,
            combiner=combiner,
            calibration=fit_sigmoid(values, labels, weights),
        )
        self.classes_ = np.array([0, 1])
        self.masking_ = Masking(self.seed, self.mask_share)
        self.progress("join", 1.0)
        return self

    def decision_function(self, facts: Sequence[Facts]) -> Floats:
        """Calibrated log-odds, shape (n,)."""
        return self.model_.log_odds(matrix(facts), [one.listing for one in facts], threads=self.threads)

    def predict_proba(self, facts: Sequence[Facts]) -> Floats:
        """Probabilities of genuine and counterfeit, shape (n, 2)."""
        positive = np.array([expit(float(value)) for value in self.decision_function(facts)])
        return np.column_stack([1 - positive, positive])

    def predict(self, facts: Sequence[Facts]) -> NDArray[np.int_]:
        """1 where counterfeit is the likelier; routing does not use this."""
        return (self.decision_function(facts) > 0).astype(np.int_)

    def _forest(self, columns: Floats, labels: Labels, weights: Floats, rows: Rows, *, join: Join) -> Forest:
        settings = forest_settings(int(labels.sum()))
        shown, shown_labels, shown_weights = _with_masked_copies(
            columns[rows], labels[rows], weights[rows], seed=self.seed, share=self.mask_share
        )
        names = forest_columns(join)
        data = lgb.Dataset(
            shown, shown_labels, weight=shown_weights, feature_name=list(names), params={"feature_pre_filter": False}
        )
        parameters = settings.parameters(self.seed, self.threads)
        return Forest(export(lgb.train(parameters, data, settings.rounds), names))


def _inner_folds(labels: Labels, groups: NDArray[np.intp]) -> int:
    fewest = min(len(np.unique(groups[labels == value])) for value in (0, 1))
    return max(_FEWEST_FOLDS, min(INNER_FOLDS, fewest))


def _with_masked_copies(
    columns: Floats, labels: Labels, weights: Floats, *, seed: int, share: float
) -> tuple[Floats, Labels, Floats]:
    """The rows, and copies of a share of them in each of which one whole signal family is missing.

    A column that never was missing would let the forest read NaN as zero (DECISIONS 17), so at least one copy of
    each family is made. Copies weigh half: they are the same offers again. The text column is a family of its own.
    """
    random = np.random.default_rng(seed)
    families = [family_columns(family) for family in Family]
    if columns.shape[1] > len(NAMES):
        families.append(np.array([len(NAMES)], dtype=np.intp))
    parts, part_labels, part_weights = [columns], [labels], [weights]
    for family in families:
        picked = random.random(len(labels)) < share
        picked[random.integers(len(labels))] = True
        masked = columns[picked].copy()
        masked[:, family] = np.nan
        parts.append(masked)
        part_labels.append(labels[picked])
        part_weights.append(weights[picked] * 0.5)
    return np.vstack(parts), np.concatenate(part_labels), np.concatenate(part_weights)


@dataclass(frozen=True, slots=True)
class TextMatrix:
    """Hashed n-gram counts of n listings, each field over the root of its length: shape (n, text_kernel.COLUMNS)."""

    values: sp.csr_matrix
    present: sp.csr_matrix

    @classmethod
    def of(cls, facts: Sequence[Facts]) -> Self:
        """The matrix of these facts' listings, description scaled."""
        indices, data, starts = [], [], [0]
        for one in facts:
            for number, codes in enumerate(text_kernel.documents(one.listing)):
                found = text_kernel.indices(codes, number)
                scale = DESCRIPTION_SCALE if number == text_kernel.DESCRIPTION else 1.0
                indices.append(found)
                data.append(np.full(found.size, scale / np.sqrt(found.size) if found.size else 0.0))
            starts.append(starts[-1] + sum(part.size for part in indices[-text_kernel.FIELDS :]))
        shape = (len(facts), text_kernel.COLUMNS)
        values = sp.csr_matrix((np.concatenate(data), np.concatenate(indices), starts), shape=shape)
        values.sum_duplicates()
        present = values.copy()
        present.data = np.ones_like(present.data)
        return cls(values, present)


@dataclass(frozen=True, slots=True)
class FittedText:
    """A text model together with the float64 weights that training uses on its scaled matrix."""

    model: TextModel
    weights: Floats

    def many_rows(self, texts: TextMatrix, rows: Rows) -> Floats:
        """Log-odds of some rows of a matrix, shape (len(rows),)."""
        found: Floats = texts.values[rows] @ self.weights + self.model.intercept
        return found


def fit_text(texts: TextMatrix, rows: Rows, labels: Labels, weights: Floats) -> FittedText:
    """Logistic regression on idf-weighted n-grams of some rows, balanced, folded into one weight per index."""
    counts = np.asarray(texts.present[rows].sum(axis=0)).ravel()
    used = np.flatnonzero(counts)
    idf = np.log((1 + len(rows)) / (1 + counts[used])) + 1
    design = texts.values[rows].tocsc()[:, used].tocsr() @ sp.diags(idf)
    learner = LogisticRegression(C=TEXT_C, class_weight="balanced", solver="liblinear", random_state=0, max_iter=1000)
    learner.fit(design, labels[rows], sample_weight=weights[rows])
    folded = np.zeros(text_kernel.COLUMNS)
    folded[used] = learner.coef_[0] * idf
    scored = folded.copy()  # Scoring has no matrix whose values could hold the description's scale.
    scored[text_kernel.DESCRIPTION * text_kernel.BUCKETS :] *= DESCRIPTION_SCALE
    return FittedText(TextModel(scored.astype(np.float32), float(learner.intercept_[0])), folded)


def _combiner(join: Join, numbers: Floats, text: Floats, labels: Labels, weights: Floats) -> Combiner:
    number_standard, text_standard = _standard(numbers), _standard(text)
    if join is Join.STACK:
        return Combiner(join, 0.0, number_standard, text_standard)
    scaled_numbers, scaled_text = number_standard.apply(numbers), text_standard.apply(text)
    best = max(
        _WEIGHT_GRID,
        key=lambda w: average_precision_score(
            labels, (1 - w) * scaled_numbers + w * scaled_text, sample_weight=weights
        ),
    )
    positives = int(labels.sum())
    weight = (positives * best + TEXT_WEIGHT_PRIOR_POSITIVES * TEXT_WEIGHT_PRIOR) / (
        positives + TEXT_WEIGHT_PRIOR_POSITIVES
    )
    return Combiner(join, weight, number_standard, text_standard)


def _standard(values: Floats) -> Standard:
    return Standard(float(values.mean()), float(max(values.std(), 1e-9)))


def fit_sigmoid(values: Floats, labels: Labels, weights: Floats) -> Sigmoid:
    """Platt's sigmoid on out-of-fold values; the slope is kept above zero, so that the order of scores survives."""
    learner = LogisticRegression(C=1e6, solver="lbfgs", max_iter=1000)
    learner.fit(values.reshape(-1, 1), labels, sample_weight=weights)
    return Sigmoid(max(float(learner.coef_[0, 0]), 1e-3), float(learner.intercept_[0]))
