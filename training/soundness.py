"""The conditions for training on a snapshot; each refusal is a sentence that names the problem."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES
from training import metrics
from training.snapshot import SnapshotRefused, SnapshotRow

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]

FEWEST_POSITIVES: Final = 10
FEWEST_NEGATIVES: Final = 20
# Facts hold the listing's id and their moment to the microsecond, so that equal ones under two ids are one row twice.
# One in a hundred is no accident of an import any more, and ten are not a few.
_COPIED_SHARE: Final = 0.01
_FEWEST_COPIED: Final = 10
# A signal that separates the classes all but perfectly was made from the label. A strong honest one, of ROC-AUC .9 on
# fifty rows of each class, has a standard error of .03, so that .995 lies three of them away; on fewer rows it would
# be met by chance.
LEAKS_ABOVE: Final = 0.995
FEWEST_OF_EACH: Final = 50
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that alone tells counterfeit from genuine, by its value or by whether it is missing."""

    feature: str
    roc_auc: float
    positives: int
    negatives: int

    def __str__(self) -> str:
        return f"{self.feature} (ROC-AUC {self.roc_auc:.4f} on {self.positives:,} and {self.negatives:,} rows)"


def refuse_too_few(labels: Labels, groups: NDArray[np.intp]) -> None:
    """Refuse labels on which nothing can be fitted.

    Raises
    ------
    SnapshotRefused
        Too few of a class, or all of one seller.
    """
    positives, negatives = int(labels.sum()), int((labels == 0).sum())
    if positives < FEWEST_POSITIVES or negatives < FEWEST_NEGATIVES:
        raise SnapshotRefused(
            f"{positives} counterfeit and {negatives} genuine labels are mature; at least {FEWEST_POSITIVES} and "
            f"{FEWEST_NEGATIVES} are needed to train."
        )
    for value, name in ((1, "counterfeit"), (0, "genuine")):
        sellers = len(np.unique(groups[labels == value]))
        if sellers < 2:
            raise SnapshotRefused(f"All {name} labels are of one seller; at least two are needed to test on another.")


def refuse_copies(rows: Sequence[SnapshotRow]) -> None:
    """Refuse a snapshot in which many rows are others again under another id.

    Raises
    ------
    SnapshotRefused
        At least ten rows and one in a hundred have facts that another row has, to the letter.
    """
    copied = len(rows) - len({row.facts for row in rows})
    if copied >= max(_FEWEST_COPIED, _COPIED_SHARE * len(rows)):
        raise SnapshotRefused(
            f"{copied:,} of {len(rows):,} rows repeat the facts of another row under an id of their own; a listing "
            "version must stand in a snapshot once."
        )


def leaks(vectors: Floats, labels: Labels) -> list[Leak]:
    """The columns of `vectors`, shape (n, n_features), that alone reach a ROC-AUC above .995 in either direction.

    Only columns known for fifty rows of each class are judged; whether one is missing is judged like a value.
    """
    found = []
    for name, values in zip(NAMES, vectors.T, strict=True):
        known = ~np.isnan(values)
        for column, rows in ((values, known), (known.astype(np.float64), np.full(len(labels), True))):
            positives, negatives = int((labels[rows] == 1).sum()), int((labels[rows] == 0).sum())
            if min(positives, negatives) < FEWEST_OF_EACH:
                continue
            area = metrics.roc_auc(labels[rows], column[rows])
            if max(area, 1 - area) > LEAKS_ABOVE:
                found.append(Leak(name, max(area, 1 - area), positives, negatives))
                break
    return found


def refuse_leaks(found: Sequence[Leak], accepted: Collection[str]) -> None:
    """Refuse leaks that are not accepted by name.

    Raises
    ------
    SnapshotRefused
        With the columns and their figures.
    """
    unknown = [leak for leak in found if leak.feature not in accepted]
    if unknown:
        named = "; ".join(map(str, unknown[:_MOST_NAMED])) + ("; and more" if len(unknown) > _MOST_NAMED else "")
        raise SnapshotRefused(
            f"A column alone tells counterfeit from genuine, as only what was made from the label does: {named}. Find "
            "out where it comes from; if it is right, accept it by name in TOUCHSTONE_ACCEPTED_LEAKS."
        )
