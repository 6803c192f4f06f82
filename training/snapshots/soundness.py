"""The conditions for training on a snapshot; each refusal names the problem."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.compute import NAMES
from models.arrays import Floats, Labels
from training.evaluate import metrics
from training.snapshots.snapshot import SnapshotRefused, SnapshotRow

FEWEST_POSITIVES: Final = 10
FEWEST_NEGATIVES: Final = 20
# Facts contain the listing's id and their time to the microsecond, so equal facts under two ids are one row twice.
# At one row in a hundred, and at least ten rows, this is no accident of an import.
_COPIED_SHARE: Final = 0.01
_FEWEST_COPIED: Final = 10
# A column that separates the classes almost perfectly was made from the label. A strong honest column, with ROC-AUC .9
# on fifty rows of each class, has a standard error of .03, so .995 is three standard errors away. With fewer rows,
# chance could reach it.
LEAKS_ABOVE: Final = 0.995
FEWEST_OF_EACH: Final = 50
_MOST_NAMED: Final = 3


@dataclass(frozen=True, slots=True)
class Leak:
    """A column that alone separates counterfeit from genuine, by its value or by its absence."""

    feature: str
    roc_auc: float
    positives: int
    negatives: int

    def __str__(self) -> str:
        return f"{self.feature} (ROC-AUC {self.roc_auc:.4f} on {self.positives:,} and {self.negatives:,} rows)"


def refuse_too_few(labels: Labels, groups: NDArray[np.intp]) -> None:
    """Refuse labels that are too few for a fit.

    Raises SnapshotRefused (a class has too few labels, or all of one seller).
    """
    positives, negatives = int(labels.sum()), int((labels == 0).sum())
    if positives < FEWEST_POSITIVES or negatives < FEWEST_NEGATIVES:
        raise SnapshotRefused(
            f"{positives} counterfeit and {negatives} genuine labels are mature; at least {FEWEST_POSITIVES} and "
            f"{FEWEST_NEGATIVES} are needed to train."
        )
    for label, name in ((1, "counterfeit"), (0, "genuine")):
        sellers = len(np.unique(groups[labels == label]))
        if sellers < 2:
            raise SnapshotRefused(f"All {name} labels are of one seller; at least two are needed to test on another.")


def refuse_copies(rows: Sequence[SnapshotRow]) -> None:
    """Refuse a snapshot in which many rows repeat other rows under another id.

    Raises SnapshotRefused (at least ten rows, and one in a hundred, have exactly the facts of another row).
    """
    copied = len(rows) - len({row.facts for row in rows})
    if copied >= max(_FEWEST_COPIED, _COPIED_SHARE * len(rows)):
        raise SnapshotRefused(
            f"{copied:,} of {len(rows):,} rows repeat the facts of another row under another id; a snapshot must "
            "contain a listing version once."
        )


def leaks(vectors: Floats, labels: Labels, names: Sequence[str] = NAMES) -> list[Leak]:
    """The columns of `vectors`, shape (n, names), that alone reach a ROC-AUC above .995 in either direction.

    Only columns known for fifty rows of each class are checked; missingness is checked like a value.
    """
    label_leaks = []
    for name, values in zip(names, vectors.T, strict=True):
        known = ~np.isnan(values)
        for column, rows in ((values, known), (known.astype(np.float64), np.full(len(labels), True))):
            positives, negatives = int((labels[rows] == 1).sum()), int((labels[rows] == 0).sum())
            if min(positives, negatives) < FEWEST_OF_EACH:
                continue
            area = metrics.roc_auc(labels[rows], column[rows])
            if max(area, 1 - area) > LEAKS_ABOVE:
                label_leaks.append(Leak(name, max(area, 1 - area), positives, negatives))
                break
    return label_leaks


def refuse_leaks(label_leaks: Sequence[Leak], accepted: Collection[str]) -> None:
    """Refuse leaks that are not accepted by name.

    Raises SnapshotRefused (the message names the columns and their figures).
    """
    unknown = [leak for leak in label_leaks if leak.feature not in accepted]
    if unknown:
        named = "; ".join(map(str, unknown[:_MOST_NAMED])) + ("; and more" if len(unknown) > _MOST_NAMED else "")
        raise SnapshotRefused(
            f"A column alone separates counterfeit from genuine, so it probably leaks the label: {named}. Check its "
            "origin; if it is correct, accept it by name in TOUCHSTONE_ACCEPTED_LEAKS."
        )
