"""The join of learner and text into one value: the rule, and the weights fitted on out-of-fold values."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.metrics import average_precision_score

from models.arrays import Floats, Labels
from models.calibration import Sigmoid, expits
from models.classifier import Combiner, Join, StandardScale
from models.points import Points
from models.policies.deciding import ScorecardPolicy
from models.priority import POINTS_PER_LOG_ODDS
from training.fit.calibration import fit_sigmoid

# With fewer positives, a learner that takes no offset cannot learn the value of a text score (ADR 56).
STACK_FROM_POSITIVES: Final = 300
# The prior of the sum prefers neither, with the strength of 30 positives (ADR 56).
TEXT_WEIGHT_PRIOR: Final = 1 / 2
TEXT_WEIGHT_PRIOR_POSITIVES: Final = 30
# Keeps the two weights finite where they separate the classes, and shrinks them by less than a hundredth elsewhere.
_POINTS_COST: Final = 100.0
# The prior of a point's log-odds has this standard deviation, two fifths of its mean (ADR 75).
POINTS_PRIOR_SPREAD: Final = 0.03
# Of a slope that chance explains by more than half, the rest is mostly the luck of these suppliers (ADR 75).
_LEAST_TEXT_SHARE: Final = 0.5
_WEIGHT_GRID: Final = tuple(i / 20 for i in range(21))


def join_of(positives: int, *, takes_offset: bool) -> Join:
    """The join for a learner that takes an offset, or for this number of positives in the training data."""
    if takes_offset:
        return Join.OFFSET
    return Join.SUM if positives < STACK_FROM_POSITIVES else Join.STACK


def fit_offset(
    text: Floats, labels: Labels, weights: Floats, groups: NDArray[np.intp]
) -> tuple[Combiner, Floats | None]:
    """The combiner of `Join.OFFSET`, and the offset of each row: the calibrated log-odds of its out-of-fold text value.

    Arrays have shape (n,). The learner is then fitted to what the text leaves open, so that neither has to repeat what
    the other knows. The slope is shrunk by what chance among `groups` explains of it (James and Stein 1961), because
    wording that a few suppliers share says little of others; where that is most of it, there is no offset, and the text
    does not count.
    """
    standard = standard_of(text)
    standardised = standard.apply(text)
    line = fit_sigmoid(standardised, labels, weights)
    share = 1 - _slope_variance(standardised, line, labels, weights, groups) / line.slope**2
    share = share if share > _LEAST_TEXT_SHARE else 0.0
    base = float(np.average(labels, weights=weights))
    offset = share * line.log_odds(standardised) + (1 - share) * math.log(base / (1 - base))
    combiner = Combiner(Join.OFFSET, share * line.slope, StandardScale(0.0, 1.0), standard)
    return combiner, offset if share else None


def _slope_variance(values: Floats, line: Sigmoid, labels: Labels, weights: Floats, groups: NDArray[np.intp]) -> float:
    """The variance of the slope over whole groups (the sandwich of Liang and Zeger 1986)."""
    probabilities = expits(line.log_odds(values))
    design = np.column_stack([values, np.ones_like(values)])
    bread = np.linalg.inv(design.T @ (design * (weights * probabilities * (1 - probabilities))[:, None]))
    scores = design * (weights * (labels - probabilities))[:, None]
    by_group = np.zeros((groups.max() + 1, 2))
    np.add.at(by_group, groups, scores)
    return float((bread @ by_group.T @ by_group @ bread)[0, 0])


def fit_points(text: Floats, rules: ScorecardPolicy, sums: Floats, labels: Labels, represented: Floats) -> Points:
    """The points of the scorecard, weighed by a logistic regression on them and on the out-of-fold text value.

    Arrays have shape (n,). The forest does not see the points: on labels that the scorecard chose it would unlearn them
    (ADR 56). Each row weighs the listings that it represents, because among the reviewed ones, which have points, the
    points say little. The prior is the scorecard's own scale (`models.priority`), so that few labels move it little.
    Points that speak against the labels get no weight.
    """
    standard = standard_of(sums)
    design = np.column_stack([standard_of(text).apply(text), standard.apply(sums), np.ones(len(sums))])
    # Weighted rows hold the information of Kish's effective number of rows.
    weights = represented * represented.sum() / np.sum(represented**2)
    prior = np.array([0.0, standard.spread / POINTS_PER_LOG_ODDS, 0.0])
    precision = np.array([1 / _POINTS_COST, 1 / (POINTS_PRIOR_SPREAD * standard.spread) ** 2, 0.0])

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        log_odds, away = design @ coefficients, coefficients - prior
        losses = weights * (np.logaddexp(0.0, log_odds) - labels * log_odds)
        gradient = design.T @ (weights * (expits(log_odds) - labels)) + precision * away
        return float(losses.sum() + (precision * away**2).sum() / 2), gradient

    weight = float(minimize(loss, prior, jac=True, method="BFGS").x[1])
    return Points(rules.rules, rules.price_alone_at_most, max(0.0, weight), standard.mean, standard.spread)


def fit_combiner(join: Join, numbers: Floats, text: Floats, labels: Labels, weights: Floats) -> Combiner:
    """The combiner: standards of both out-of-fold values, shape (n,), and for a sum the weight of the text."""
    number_standard, text_standard = standard_of(numbers), standard_of(text)
    weight = 0.0
    if join is Join.SUM:
        weight = text_weight(number_standard.apply(numbers), text_standard.apply(text), labels, weights)
    return Combiner(join, weight, number_standard, text_standard)


def text_weight(
    numbers: Floats,
    text: Floats,
    labels: Labels,
    weights: Floats,
    *,
    prior: float = TEXT_WEIGHT_PRIOR,
    strength: float = TEXT_WEIGHT_PRIOR_POSITIVES,
) -> float:
    """The weight of text in the sum of two standardised out-of-fold values, shape (n,).

    It is the weight that sorts these rows best, pulled towards the prior by the strength of so many positives. Of
    weights that sort equally well, the one nearest to the prior is taken.
    """

    def sorts(weight: float) -> tuple[float, float]:
        joined = (1 - weight) * numbers + weight * text
        return float(average_precision_score(labels, joined, sample_weight=weights)), -abs(weight - prior)

    best, positives = max(_WEIGHT_GRID, key=sorts), int(labels.sum())
    return (positives * best + strength * prior) / (positives + strength)


def standard_of(values: Floats) -> StandardScale:
    """Centre and spread of values, shape (n,)."""
    return StandardScale(float(values.mean()), float(max(values.std(), 1e-9)))
