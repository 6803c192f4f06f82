"""Three ways past the gates: flipped labels, a weak yardstick, and many looks at one set of judged rows."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from models.arrays import Floats
from models.policies.learning import DEFAULT_GATES
from tests.training.test_gate import EVIDENCE, comparison
from training.evaluate import metrics
from training.fit.weighting import trim_weights
from training.gates.gates import Incumbent, IncumbentComparison, all_gates

pytestmark = pytest.mark.attack

SELLERS, LISTINGS = 300, 400
MARKETPLACES, LOOKS, FLIPPED = 40, 20, 16


@dataclass(frozen=True, slots=True)
class Precisions:
    """Average precision over all listings, where every row counts once, and over resampled sellers, shape (n,)."""

    over_all: float
    once: float
    resampled: Floats


class JudgedRows:
    """Judged listings of a simulated marketplace, one in ten counterfeit, and what two scorers say of them."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.groups = self.random.integers(SELLERS, size=LISTINGS)
        self.truth = (np.arange(LISTINGS) % 10 == 0).astype(np.int8)
        self.labels, self.weights = self.truth.copy(), np.ones(LISTINGS)
        self.resampled = metrics.seller_bootstrap(self.groups, times=200, seed=seed)
        self.incumbent = self.scores(1.5)

    def scores(self, distance: float) -> Floats:
        """Scores in which counterfeits lie this far above genuine listings, in standard deviations."""
        return np.asarray(self.random.normal(size=LISTINGS) + distance * self.truth, dtype=np.float64)

    def flip(self, rows: int) -> None:
        """So many genuine listings of a random sample get the label 'counterfeit'; each represents 33."""
        sample = np.flatnonzero(np.arange(LISTINGS) % 4 == 1)
        self.weights[sample], self.labels[sample[:rows]] = 33.0, 1

    def precisions(self, scores: Floats) -> "Precisions":
        """The average precisions of these scores."""
        counted = trim_weights(self.weights, self.labels == 1)
        return Precisions(
            metrics.average_precision(self.labels, scores, counted),
            metrics.average_precision(self.labels, scores),
            metrics.average_precisions(self.labels, scores, self.resampled * counted),
        )

    @cached_property
    def of_incumbent(self) -> "Precisions":
        """Those of the incumbent; no row is flipped later."""
        return self.precisions(self.incumbent)

    def is_proposed(self, candidate: Floats, look: int) -> bool:
        """Whether no gate blocks the candidate beside the incumbent."""
        ours, theirs = self.precisions(candidate), self.of_incumbent
        against = IncumbentComparison(
            Incumbent.CHAMPION, theirs.over_all, ours.resampled - theirs.resampled, ours.once - theirs.once
        )
        evidence = replace(EVIDENCE, average_precision=ours.over_all, incumbents=(against,), looks=look)
        return not any(gate.blocks for gate in all_gates(evidence, DEFAULT_GATES))


def test_of_twenty_worse_candidates_the_luckiest_is_seldom_proposed() -> None:
    """Each is a little worse than the incumbent. One look lets a fifth of them through, twenty hardly more."""
    lucky = 0
    for seed in range(MARKETPLACES):
        rows = JudgedRows(seed)
        lucky += any(rows.is_proposed(rows.scores(1.3), look) for look in range(1, LOOKS + 1))
    assert lucky <= 0.4 * MARKETPLACES


@pytest.mark.parametrize(("distance", "rows", "proposed"), [(2.5, 0, MARKETPLACES), (0.5, FLIPPED, 0)])
def test_a_candidate_that_learnt_sixteen_false_labels_is_not_better_by_more_of_them(
    distance: float, rows: int, proposed: int
) -> None:
    """Over all listings they weigh ten times as much as all true counterfeits. Without them a good one is proposed."""
    proposals = 0
    for seed in range(MARKETPLACES):
        judged = JudgedRows(seed)
        candidate = judged.scores(distance)
        judged.flip(rows)
        proposals += judged.is_proposed(candidate + (judged.labels - judged.truth), 1)
    assert abs(proposals - proposed) <= 0.1 * MARKETPLACES


def test_a_champion_worse_than_the_scorecard_is_no_yardstick() -> None:
    """The champion has .10 and the scorecard .20: a candidate of .15 is better than the champion alone."""
    against = (comparison(0.10, ours=0.15), comparison(0.20, Incumbent.SCORECARD, ours=0.15))
    evidence = replace(EVIDENCE, average_precision=0.15, incumbents=against)
    assert any(gate.blocks for gate in all_gates(evidence, DEFAULT_GATES))
