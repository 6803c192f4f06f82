"""Labels that are probably wrong, found by confident learning on out-of-fold probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.arrays import Floats, Labels
from models.labels import EvidenceLevel
from training.snapshots.snapshot import SnapshotRow

# Labels with stronger evidence than a review: here the model is more probably wrong.
_SETTLED: Final = frozenset({EvidenceLevel.APPEAL.value, EvidenceLevel.TEST_BUY.value})


@dataclass(frozen=True, slots=True)
class Suspect:
    """A doubtful label; `probability` is that of counterfeit, out of fold, and `doubt` that of a wrong label."""

    version_id: str
    label: int
    evidence_level: str
    probability: float
    doubt: float


def rows_in_doubt(labels: Labels, probabilities: Floats) -> NDArray[np.intp]:
    """The rows whose label is probably wrong, most doubtful first.

    A label is doubtful if the probability of the other class is above a half and reaches the mean probability of the
    rows with that label: the off-diagonal of the confident joint (Northcutt, Jiang and Chuang 2021). A rarer or harder
    class has a lower mean, so no fixed threshold is needed. Probabilities must be out of fold by seller, so that
    neither the label itself nor the seller's other labels confirm it.
    """
    if len(np.unique(labels)) < 2:
        return np.array([], dtype=np.intp)
    of_other = np.where(labels == 1, 1 - probabilities, probabilities)
    counterfeit, genuine = probabilities[labels == 1].mean(), (1 - probabilities[labels == 0]).mean()
    sure_of_other = np.where(labels == 1, genuine, counterfeit)
    doubtful_rows = np.flatnonzero((of_other >= sure_of_other) & (of_other > 0.5))
    return doubtful_rows[np.argsort(-of_other[doubtful_rows], kind="stable")]


def suspects(
    rows: Sequence[SnapshotRow], probabilities: Floats, duplicates: NDArray[np.intp], *, most: int
) -> list[Suspect]:
    """The labels most worth a second review, at most `most`, most doubtful first.

    Only one of the near-duplicates of a seller is included, because its result applies to the others. Labels from an
    appeal or a test buy are excluded.
    """
    labels = np.array([row.label for row in rows], dtype=np.int8)
    suspect_labels: list[Suspect] = []
    seen: set[int] = set()
    for i in rows_in_doubt(labels, probabilities).tolist():
        row, group = rows[i], int(duplicates[i])
        if row.evidence_level in _SETTLED or group in seen:
            continue
        seen.add(group)
        probability = float(probabilities[i])
        doubt = 1 - probability if row.label else probability
        suspect_labels.append(Suspect(row.version_id, row.label, row.evidence_level, probability, doubt))
        if len(suspect_labels) == most:
            break
    return suspect_labels
