"""The scores of the second stage, explained as first answers are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.compute import ComputedFeatures
from models.bundle import Bundle
from models.calibration import expits
from models.evidence import hard_evidence
from models.explanations import Split, explain
from models.score import Score, ScoreKind


def second_scores(
    bundle: Bundle, rows: Sequence[ComputedFeatures], encoded: NDArray[np.float64], *, threads: int = 1
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
    shares, titles = stage.contributions(bundle.classifier.parts(matrix, listings, threads=threads), encoded)
    scores = []
    for i, row in enumerate(rows):
        split = Split(
            float(log_odds[i]), shares.features[i], float(shares.text[i]), float(shares.base[i]), float(titles[i])
        )
        score = Score(
            kind=ScoreKind.CALIBRATED,
            value=split.score,
            probability=float(expits(log_odds[i : i + 1])[0]),
            reasons=explain(row.evidence, row.vector, split, *bundle.words_of_text(row, split.text)),
            scorer=bundle.digest,
            fingerprint=bundle.fingerprint,
            interval=None if intervals is None else (float(intervals[i, 0]), float(intervals[i, 1])),
            evidence=hard_evidence(row.evidence, row.vector),
            encoder=stage.encoder,
        )
        scores.append(score)
    return scores
