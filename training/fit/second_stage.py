"""The second stage: titles encoded, a linear reading fitted with its weight, and what it gains out of fold."""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from features.facts import Facts
from models.arrays import Floats, Labels, Rows
from models.second_stage import SecondStage
from training.evaluate import metrics
from training.evaluate.comparison import difference, figures_of
from training.fit.calibration import OutOfFoldValues, fit_calibration
from training.fit.classifier import CounterfeitClassifier, inner_folds
from training.fit.encoders import encode, encoder_named, fill_gaps
from training.fit.joining import standard_of, text_weight

# Encoders give vectors of length one with a common direction; less their mean, three times as long, they have about the
# spread for which the cost of the text model was chosen (ADR 55).
_SCALE: Final = 3.0
_COST: Final = 10.0
# A title says less than all else that is known; the prior has the strength of 30 counterfeits (ADR 55).
_WEIGHT_PRIOR, _WEIGHT_PRIOR_POSITIVES = 1 / 5, 30
_MOST_STEPS: Final = 2_000


def fit_second_stage(
    model: CounterfeitClassifier,
    encoder: str,
    encoded: Floats,
    labels: Labels,
    *,
    groups: NDArray[np.intp],
    sample_weight: Floats | None = None,
) -> tuple[SecondStage, Floats]:
    """The second stage beside a fitted classifier, and its out-of-fold values, shape (n,).

    `encoded` has the encoder's numbers of the n titles that the classifier was fitted on, shape (n, d). Everything is
    fitted out of fold on the classifier's own folds by seller.
    """
    labels = np.asarray(labels, dtype=np.int8)
    weights = np.ones(len(labels)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
    titles = np.zeros(len(labels))
    for fit, judged in inner_folds(labels, groups, seed=model.seed, folds=model.folds):
        reading, intercept = _fit_reading(encoded, fit, labels, weights)
        titles[judged] = encoded[judged] @ reading + intercept
    first, title = standard_of(model.out_of_fold_), standard_of(titles)
    weight = text_weight(
        first.apply(model.out_of_fold_),
        title.apply(titles),
        labels,
        weights,
        prior=_WEIGHT_PRIOR,
        strength=_WEIGHT_PRIOR_POSITIVES,
    )
    values = (1 - weight) * first.apply(model.out_of_fold_) + weight * title.apply(titles)
    calibration = fit_calibration(OutOfFoldValues(values, labels, model.described_, groups), seed=model.seed)
    reading, intercept = _fit_reading(encoded, np.arange(len(labels)), labels, weights)
    return SecondStage(encoder, reading, intercept, first, title, weight, calibration), values


def _fit_reading(encoded: Floats, rows: Rows, labels: Labels, weights: Floats) -> tuple[Floats, float]:
    """Weights of the encoder's numbers, and the intercept, by balanced logistic regression on some rows."""
    centre = encoded[rows].mean(axis=0)
    learner = LogisticRegression(C=_COST, class_weight="balanced", max_iter=_MOST_STEPS)
    learner.fit(_SCALE * (encoded[rows] - centre), labels[rows], sample_weight=weights[rows])
    coefficients = _SCALE * learner.coef_[0]
    return coefficients, float(learner.intercept_[0] - centre @ coefficients)


NO_ENCODER: Final = ""
_BOOTSTRAPS: Final = 1_000


class FittedStage(NamedTuple):
    """A second stage with its part of the report; both None without an encoder."""

    stage: SecondStage | None
    report: dict[str, Any] | None


def second_stage_of(
    name: str,
    model: CounterfeitClassifier,
    facts: Sequence[Facts],
    labels: Labels,
    *,
    groups: NDArray[np.intp],
    sample_weight: Floats,
    progress: Callable[[float], None] = lambda _share: None,
) -> FittedStage:
    """The second stage by the encoder of a name beside a classifier that was fitted on these rows.

    Raises EncoderRefused (the encoder is unknown, not installed, or not the pinned one).
    """
    if name == NO_ENCODER:
        return FittedStage(None, None)
    encoder = encoder_named(name)
    encoded = encode(encoder, [row.listing.title or "" for row in facts], threads=model.threads, progress=progress)
    stage, values = fit_second_stage(
        model, encoder.identity, fill_gaps(encoded), labels, groups=groups, sample_weight=sample_weight
    )
    bootstrap = metrics.seller_bootstrap(groups, times=_BOOTSTRAPS, seed=0)
    report = {
        "package": name,
        "encoder": encoder.identity,
        "titles": len(facts),
        "failed": int(np.isnan(encoded).any(axis=1).sum()),
        "title_weight": stage.title_weight,
        "out_of_fold": figures_of(labels, [values], bootstrap),
        "gain": difference(labels, [(values, model.out_of_fold_)], bootstrap),
    }
    return FittedStage(stage, report)
