"""How forest and text become one value: the rule, and the weight found inside the folds."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from models.classifier import Combiner, Join, Standard

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Below this many positives a forest cannot learn what a text score is worth: on the 500 labelled rows of Ozon E-CUP
# 2025, 38 of them positive, the score as a feature did worse than the weighted sum. Ours.
STACK_FROM_POSITIVES: Final = 300
# The stated prior of the sum: text twice the numbers, pulled towards as if 100 positives had shown it.
TEXT_WEIGHT_PRIOR: Final = 2 / 3
TEXT_WEIGHT_PRIOR_POSITIVES: Final = 100
_WEIGHT_GRID: Final = tuple(i / 20 for i in range(2, 20))


def join_of(positives: int) -> Join:
    """The join for so many positives in the training data."""
    return Join.SUM if positives < STACK_FROM_POSITIVES else Join.STACK


def fit_combiner(join: Join, numbers: Floats, text: Floats, labels: Labels, weights: Floats) -> Combiner:
    """Standards of both out-of-fold values, shape (n,), and for a sum the weight of the text."""
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
