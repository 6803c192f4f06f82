"""The current scorer: the champion, or the starter scorecard before the first champion."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures
from models.arrays import Floats
from models.bundle import Bundle
from models.policies.deciding import DEFAULT_ROUTING, DEFAULT_SCORECARD, RoutingPolicy, ScorecardPolicy
from models.policies.learning import GatePolicy
from models.scorecard import score_by_points
from training.gates.gates import Incumbent


@dataclass(frozen=True, slots=True)
class IncumbentScorer:
    """The scorer that a candidate is compared with; without a champion its scores are points, which only rank."""

    champion: Bundle | None
    threads: int
    scorecard: ScorecardPolicy = DEFAULT_SCORECARD
    routing: RoutingPolicy = DEFAULT_ROUTING

    @property
    def name(self) -> Incumbent:
        return Incumbent.SCORECARD if self.champion is None else Incumbent.CHAMPION

    @property
    def shown_from(self) -> float:
        """The score from which a listing goes to a person."""
        return self.routing.analyst_from_points if self.champion is None else self.champion.thresholds.analyst_from

    def is_clear(self, theirs: Floats, ours: Floats, policy: GatePolicy) -> NDArray[np.bool_]:
        """Whether this scorer is clear that a listing needs no review, shape (n,), given the candidate's scores.

        A champion is clear where its odds lie well below its own threshold and the candidate's odds are far higher.
        Both conditions are needed: a threshold depends on a team's review capacity, and odds depend on the calibration
        of a small first model. A scorecard is clear where its points lie well below its threshold.
        """
        line = self.shown_from
        if self.champion is None:
            return theirs < policy.upheld_clear_share * line
        below = theirs * (1 - line) < policy.upheld_clear_share * line * (1 - theirs)
        raised = ours * (1 - theirs) >= policy.upheld_odds_times * theirs * (1 - ours)
        clear_rows: NDArray[np.bool_] = below & raised
        return clear_rows

    def knew(self, matured_at: datetime) -> bool:
        """Whether the champion may have been trained on a label that matured at this time."""
        as_of = self.champion.references_as_of if self.champion is not None else None
        return as_of is not None and matured_at <= as_of

    def was_trained_by(self, moment: datetime) -> bool:
        """Whether this champion existed at this time; a champion of unknown age did."""
        if self.champion is None:
            return False
        return self.champion.references_as_of is None or self.champion.references_as_of <= moment

    def scores(self, rows: Sequence[ComputedFeatures]) -> Floats:
        """Probabilities of the champion or points of the scorecard, shape (n,)."""
        if self.champion is None:
            points = [score_by_points(row, policy=self.scorecard, fingerprint="").value for row in rows]
            return np.array(points, dtype=np.float64)
        scores = self.champion.score_many(rows, with_reasons=False, threads=self.threads)
        return np.array([score.probability for score in scores], dtype=np.float64)
