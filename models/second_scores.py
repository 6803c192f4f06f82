"""The scores of a second opinion, explained as first answers are."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.compute import Computed
from models.bundle import Bundle
from models.calibration import expits
from models.evidence import hard_evidence
from models.explanations import Split, explain
from models.score import Score, ScoreKind


def second_scores(
    bundle: Bundle, rows: Sequence[Computed], encoded: NDArray[np.float64], *, threads: int = 1
) -> list[Score]:
    """Scores in order, from the encoder's numbers of the rows' titles, shape (n, d).

    Raises
    ------
    ValueError
        The bundle holds no second opinion, or the numbers are not those of its encoder.
    """
    opinion = bundle.second_opinion
    if opinion is None or encoded.shape != (len(rows), len(opinion.weights)):
        raise ValueError("the bundle weighs no such numbers")
    if not rows:
        return []
    matrix, listings = np.stack([row.vector for row in rows]), [row.facts.listing for row in rows]
    values = opinion.values(bundle.classifier.values(matrix, listings, threads=threads), encoded)
    log_odds, intervals = opinion.calibration.log_odds(values), opinion.calibration.intervals(values)
    parts = bundle.classifier.parts(matrix, listings, threads=threads)
    shares, titles = opinion.contributions(parts, encoded)
    found = []
    for i, row in enumerate(rows):
        split = Split(
            float(log_odds[i]), shares.features[i], float(shares.text[i]), float(shares.base[i]), float(titles[i])
        )
        score = Score(
            kind=ScoreKind.CALIBRATED,
            value=split.value,
            probability=float(expits(log_odds[i : i + 1])[0]),
            reasons=explain(row.evidence, row.vector, split, bundle.quoted(row) if split.text > 0 else ()),
            scorer=bundle.digest,
            fingerprint=bundle.fingerprint,
            interval=None if intervals is None else (float(intervals[i, 0]), float(intervals[i, 1])),
            evidence=hard_evidence(row.evidence, row.vector),
            encoder=opinion.encoder,
        )
        found.append(score)
    return found
