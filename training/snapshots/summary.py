"""A summary of a snapshot without its facts: counts, its period, and a few rows without personal data."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from training.snapshots.snapshot import SnapshotRefused

# Without the seller and the facts, which contain the seller's texts.
_PREVIEW: Final = (
    "version_id", "listing_id", "known_at", "matured_at", "brand_id", "lane", "label", "weight", "evidence_level",
    "inclusion_probability",
)  # fmt: skip
_SOURCES: Final = "sources"
_REPORTED: Final = "reported"


@dataclass(frozen=True, slots=True)
class SnapshotSummary:
    """Counts of a snapshot's rows. `whole` is whether the file has the recorded digest.

    `levels`, `lanes` and `sources` count rows by evidence level, lane and source (a row may have several), and
    `by_source` counts counterfeits by source. `matured` is the time at which each label matured, with its level.
    `reported` counts the listings that brands found themselves; older snapshots have none.
    """

    whole: bool
    rows: int
    counterfeit: int
    first: datetime | None
    last: datetime | None
    weight: float
    levels: Mapping[str, int]
    lanes: Mapping[str, int]
    sources: Mapping[str, int]
    by_source: Mapping[str, int]
    matured: tuple[tuple[datetime, str], ...]
    preview: tuple[Mapping[str, Any], ...]
    reported: int = 0


def labels_in(path: Path, digest: str) -> dict[str, int]:
    """The label of each listing version in a snapshot's file.

    Raises SnapshotRefused (the file is missing or not a snapshot).
    """
    try:
        table = pq.read_table(path, columns=["version_id", "label"])
    except (OSError, pa.ArrowException, KeyError):
        raise SnapshotRefused(f"The file of snapshot {digest[:12]} is gone or cannot be read.") from None
    return dict(zip(table.column("version_id").to_pylist(), table.column("label").to_pylist(), strict=True))


def summarise(path: Path, digest: str, *, preview: int = 0) -> SnapshotSummary:
    """The summary of a snapshot's file with its first `preview` rows.

    Raises SnapshotRefused (the file is missing or not a snapshot).
    """
    try:
        content = path.read_bytes()
        file = pq.ParquetFile(pa.BufferReader(content))
        table = file.read([*_PREVIEW, _SOURCES])
        reported = sum(file.read([_REPORTED]).column(0).to_pylist()) if _REPORTED in file.schema_arrow.names else 0
    except (OSError, pa.ArrowException, KeyError):
        raise SnapshotRefused(f"The file of snapshot {digest[:12]} is gone or cannot be read.") from None
    if set(table.column_names) != {*_PREVIEW, _SOURCES}:
        raise SnapshotRefused(f"{path.name} is not a snapshot of labelled facts.")
    labels = table.column("label").to_pylist()
    sources: Counter[str] = Counter()
    counterfeit: Counter[str] = Counter()
    for names, label in zip(table.column(_SOURCES).to_pylist(), labels, strict=True):
        sources.update(names)
        counterfeit.update(names if label == 1 else ())
    ends = pc.min_max(table.column("known_at")).as_py()
    levels = table.column("evidence_level").to_pylist()
    return SnapshotSummary(
        whole=hashlib.sha256(content).hexdigest() == digest,
        rows=table.num_rows,
        counterfeit=sum(labels),
        first=ends["min"],
        last=ends["max"],
        weight=float(pc.sum(table.column("weight")).as_py() or 0.0),
        levels=dict(Counter(levels).most_common()),
        lanes=dict(Counter(table.column("lane").to_pylist()).most_common()),
        sources=dict(sources.most_common()),
        by_source=dict(counterfeit),
        matured=tuple(zip(table.column("matured_at").to_pylist(), levels, strict=True)),
        preview=tuple(table.select(_PREVIEW).slice(0, preview).to_pylist()),
        reported=reported,
    )
