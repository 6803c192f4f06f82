"""What scores until a candidate does: the champion, or the starter scorecard before there is one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.compute import Computed
from models.bundle import Bundle
from models.policies.routing import DEFAULT_ROUTING, RoutingPolicy
from models.policies.scorecard import DEFAULT_SCORECARD, ScorecardPolicy
from models.scorecard import score_by_points
from training.gates import Incumbent

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InForce:
    """The scorer that a candidate is compared with; without a champion its scores are points, and order only."""

    champion: Bundle | None
    threads: int
    scorecard: ScorecardPolicy = DEFAULT_SCORECARD
    routing: RoutingPolicy = DEFAULT_ROUTING

    @property
    def name(self) -> Incumbent:
        """Which of the two it is."""
        return Incumbent.SCORECARD if self.champion is None else Incumbent.CHAMPION

    @property
    def shown_from(self) -> float:
        """The score from which somebody looks."""
        return self.routing.analyst_from_points if self.champion is None else self.champion.thresholds.analyst_from

    def scores(self, rows: Sequence[Computed]) -> Floats:
        """Probabilities of the champion or points of the scorecard, shape (n,)."""
        if self.champion is None:
            points = [score_by_points(row, policy=self.scorecard, fingerprint="").value for row in rows]
            return np.array(points, dtype=np.float64)
        found = self.champion.score_many(rows, with_reasons=False, threads=self.threads)
        return np.array([score.probability for score in found], dtype=np.float64)
