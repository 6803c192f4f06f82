"""The people and brands that gave most of the labels of a snapshot."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from training.snapshot import SnapshotRow

_REPORTED: Final = 5


def largest_sources(rows: Sequence[SnapshotRow]) -> list[dict[str, Any]]:
    """The sources of most labels, most first: how many labels of each class each of them gave, alone or with others."""
    counterfeit: Counter[str] = Counter()
    every: Counter[str] = Counter()
    for row in rows:
        every.update(row.sources)
        counterfeit.update(row.sources if row.label == 1 else ())
    return [
        {"source": source, "labels": number, "counterfeit": counterfeit[source]}
        for source, number in sorted(every.items(), key=lambda one: (-one[1], one[0]))[:_REPORTED]
    ]
