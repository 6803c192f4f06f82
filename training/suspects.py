"""Labels that the model doubts: confident learning on out-of-fold probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.labels import EvidenceLevel
from training.snapshot import SnapshotRow

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

# Known by more than a look at the listing: a model that doubts these has something to learn.
_SETTLED: Final = frozenset({EvidenceLevel.APPEAL.value, EvidenceLevel.TEST_BUY.value})


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label in doubt; `probability` is of counterfeit, out of fold, and `doubt` that the label is wrong."""

    version_id: str
    label: int
    evidence_level: str
    probability: float
    doubt: float


def doubtful(labels: Labels, probabilities: Floats) -> NDArray[np.intp]:
    """The rows whose label is probably wrong, the most doubtful first.

    A row belongs to the class whose probability reaches the mean probability of the rows labelled so, and is the
    larger one: then the model is as sure of the other class as it is on average of that class's own rows (Northcutt,
    Jiang and Chuang 2021, the off-diagonal of the confident joint). Where one class is rarer or harder, its mean is
    lower, so that no fixed threshold has to be chosen. Probabilities must be out of fold, or a label would vouch for
    itself, and out of fold by seller, or the seller's other labels would.
    """
    if len(np.unique(labels)) < 2:
        return np.array([], dtype=np.intp)
    of_other = np.where(labels == 1, 1 - probabilities, probabilities)
    counterfeit, genuine = probabilities[labels == 1].mean(), (1 - probabilities[labels == 0]).mean()
    sure_of_other = np.where(labels == 1, genuine, counterfeit)
    found = np.flatnonzero((of_other >= sure_of_other) & (of_other > 0.5))
    return found[np.argsort(-of_other[found], kind="stable")]


def suspects(
    rows: Sequence[SnapshotRow], probabilities: Floats, duplicates: NDArray[np.intp], *, most: int
) -> list[Suspect]:
    """The labels most worth a second review, at most `most`, the most doubtful first.

    Of near-duplicates of one seller the first is named: what is found of it says what to think of the others. Labels
    known by an appeal or a test buy are not named.
    """
    labels = np.array([row.label for row in rows], dtype=np.int8)
    found: list[Suspect] = []
    seen: set[int] = set()
    for i in doubtful(labels, probabilities).tolist():
        row, group = rows[i], int(duplicates[i])
        if row.evidence_level in _SETTLED or group in seen:
            continue
        seen.add(group)
        probability = float(probabilities[i])
        doubt = 1 - probability if row.label else probability
        found.append(Suspect(row.version_id, row.label, row.evidence_level, probability, doubt))
        if len(found) == most:
            break
    return found
