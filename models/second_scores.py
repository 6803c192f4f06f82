"""The scores of the second stage, explained as first answers are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.compute import Computed
from models.bundle import Bundle
from models.calibration import expits
from models.classifier import Contributions
from models.evidence import hard_evidence
from models.explanations import Split, explain
from models.score import Reason, Score, ScoreKind


def second_scores(
    bundle: Bundle, rows: Sequence[Computed], encoded: NDArray[np.float64], *, threads: int = 1
) -> list[Score]:
    """Scores in order, from the encoder's numbers of the rows' titles, shape (n, d).

    Raises ValueError (the bundle has no second stage, or the numbers are not those of its encoder).
    """
    stage = bundle.second_stage
    if stage is None or encoded.shape != (len(rows), len(stage.weights)):
        raise ValueError("the bundle weighs no such numbers")
    if not rows:
        return []
    matrix, listings = np.stack([row.vector for row in rows]), [row.facts.listing for row in rows]
    values = stage.values(bundle.classifier.values(matrix, listings, threads=threads), encoded)
    log_odds, intervals = stage.calibration.log_odds(values), stage.calibration.intervals(values)
    parts = bundle.classifier.parts(matrix, listings, threads=threads)
    reasons = _reasons(bundle, rows, log_odds, stage.contributions(parts, encoded))
    found = []
    for i, row in enumerate(rows):
        score = Score(
            kind=ScoreKind.CALIBRATED,
            value=float(log_odds[i]),
            probability=float(expits(log_odds[i : i + 1])[0]),
            reasons=reasons[i],
            scorer=bundle.digest,
            fingerprint=bundle.fingerprint,
            interval=None if intervals is None else (float(intervals[i, 0]), float(intervals[i, 1])),
            evidence=hard_evidence(row.evidence, row.vector),
            encoder=stage.encoder,
        )
        found.append(score)
    return found


def reasons_of_second_score(bundle: Bundle, row: Computed, value: float) -> tuple[Reason, ...]:
    """The parts of a second score of this value, without its encoder: what no other part explains is the title's.

    Raises ValueError (the bundle has no second stage).
    """
    if bundle.second_stage is None:
        raise ValueError("the bundle gives no second scores")
    log_odds = np.array([value])
    parts = bundle.classifier.parts(row.vector[None], [row.facts.listing])
    (reasons,) = _reasons(bundle, [row], log_odds, bundle.second_stage.contributions_to(parts, log_odds))
    return reasons


def _reasons(
    bundle: Bundle,
    rows: Sequence[Computed],
    log_odds: NDArray[np.float64],
    contributions: tuple[Contributions, NDArray[np.float64]],
) -> list[tuple[Reason, ...]]:
    shares, titles = contributions
    reasons = []
    for i, row in enumerate(rows):
        split = Split(
            float(log_odds[i]), shares.features[i], float(shares.text[i]), float(shares.base[i]), float(titles[i])
        )
        reasons.append(explain(row.evidence, row.vector, split, bundle.quoted(row) if split.text > 0 else ()))
    return reasons
