"""Labelled facts in one hashed Parquet file, which contains everything that training reads."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.compute import input_fingerprint
from features.facts import Facts, facts_from_json
from features.references import References, references_from_dict, references_to_dict

_REFERENCES: Final = b"touchstone.references"
_FINGERPRINT: Final = b"touchstone.fingerprint"
_COLUMNS: Final = pa.schema(
    [
        ("version_id", pa.string()), ("listing_id", pa.string()), ("known_at", pa.timestamp("us", tz="UTC")),
        ("seller", pa.string()), ("seller_cluster", pa.string()), ("brand_id", pa.string()), ("lane", pa.string()),
        ("inclusion_probability", pa.float64()), ("label", pa.int8()), ("weight", pa.float64()),
        ("evidence_level", pa.string()), ("matured_at", pa.timestamp("us", tz="UTC")),
        ("provenance", pa.list_(pa.string())), ("sources", pa.list_(pa.string())),
        ("audit_entries", pa.list_(pa.int64())), ("reported", pa.bool_()), ("facts", pa.string()),
    ]
)  # fmt: skip

_LISTS: Final = ("provenance", "sources", "audit_entries")
_ADDED: Final = frozenset({"reported"})  # Older snapshots lack it; nothing was reported then.


class SnapshotRefused(ValueError):
    """The snapshot is unusable for training; the message says why."""


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """One labelled listing version. `facts` are canonical JSON; `seller` is the external id or None.

    `provenance` are the verdicts behind the label, `sources` the brands and reviewers who gave them, and
    `audit_entries` their numbers in the audit log. `seller_cluster` is the same for all accounts that were linked
    with each other, directly or through others, before the snapshot's time; None without a known seller. Older
    snapshots have the seller's id there. `reported` is set where a brand found the listing itself and reported it,
    also where another verdict decided the label. None of these is a feature.
    """

    version_id: str
    listing_id: str
    known_at: datetime
    seller: str | None
    seller_cluster: str | None
    brand_id: str | None
    lane: str
    inclusion_probability: float
    label: int
    weight: float
    evidence_level: str
    matured_at: datetime
    provenance: tuple[str, ...]
    sources: tuple[str, ...]
    audit_entries: tuple[int, ...]
    facts: str
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A snapshot, with rows in the order of time."""

    rows: tuple[SnapshotRow, ...]
    references: References
    as_of: datetime | None
    digest: str

    @property
    def labels(self) -> NDArray[np.int8]:
        """Labels, shape (n,)."""
        return np.array([row.label for row in self.rows], dtype=np.int8)

    def facts(self) -> list[Facts]:
        """The facts, parsed."""
        return [facts_from_json(row.facts) for row in self.rows]


def write_snapshot(
    folder: Path, rows: Sequence[SnapshotRow], references: References, as_of: datetime
) -> tuple[Path, str]:
    """Write the rows in the order of time and id; returns the file and its digest, which is the file name."""
    ordered = sorted(rows, key=lambda row: (row.known_at, row.version_id))
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in ordered] for name in _COLUMNS.names}
    for name in _LISTS:
        columns[name] = [list(column) for column in columns[name]]
    described = json.dumps(references_to_dict(references, as_of), sort_keys=True, separators=(",", ":"))
    named = {_REFERENCES: described.encode(), _FINGERPRINT: input_fingerprint().encode()}
    table = pa.table(columns, schema=_COLUMNS.with_metadata(named))
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    content = sink.getvalue().to_pybytes()
    digest = hashlib.sha256(content).hexdigest()
    path = folder / f"{digest}.parquet"
    temporary = path.with_suffix(".tmp")
    temporary.write_bytes(content)
    temporary.replace(path)
    return path, digest


def read_snapshot(path: Path, *, expected: str | None = None) -> Snapshot:
    """The snapshot in a file.

    Raises SnapshotRefused (another digest, not a snapshot, or rows that training must not use).

    Notes
    -----
    A snapshot of another feature set is read as any other, because it holds facts, from which training computes the
    features. A fact that it lacks is a missing value. Facts are refused by their own schema alone.
    """
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if expected is not None and digest != expected:
        raise SnapshotRefused(f"The snapshot is {digest[:12]}, not {expected[:12]} as recorded.")
    try:
        table = pq.read_table(pa.BufferReader(content))
    except pa.ArrowException:
        raise SnapshotRefused(f"{path.name} is not a readable Parquet file.") from None
    metadata = table.schema.metadata or {}
    if {*table.column_names, *_ADDED} != set(_COLUMNS.names) or not {_REFERENCES, _FINGERPRINT} <= metadata.keys():
        raise SnapshotRefused(f"{path.name} is not a snapshot of labelled facts.")
    try:
        rows = tuple(_read_row(cells) for cells in table.to_pylist())
        references, as_of = references_from_dict(json.loads(metadata[_REFERENCES]))
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise SnapshotRefused(f"{path.name} holds a row or references that are damaged: {error}.") from None
    snapshot = Snapshot(rows, references, as_of, digest)
    try:
        facts = snapshot.facts()
    except (TypeError, ValueError) as error:
        raise SnapshotRefused(f"{path.name} holds facts that this version cannot read: {error}.") from None
    _refuse_unusable_rows(rows, facts, as_of)
    return snapshot


def _read_row(cells: dict[str, Any]) -> SnapshotRow:
    times = {name: cells[name].astimezone(UTC) for name in ("known_at", "matured_at")}
    return SnapshotRow(**{**cells, **times, **{name: tuple(cells[name]) for name in _LISTS}})


def _refuse_unusable_rows(rows: Sequence[SnapshotRow], facts: Sequence[Facts], as_of: datetime | None) -> None:
    if len({row.version_id for row in rows}) != len(rows):
        raise SnapshotRefused("The snapshot contains a listing version twice.")
    if any(row.label not in {0, 1} for row in rows):
        raise SnapshotRefused("A label is neither 0 nor 1.")
    if any(not 0 < row.inclusion_probability <= 1 for row in rows):
        raise SnapshotRefused("An inclusion probability is not above 0 and at most 1.")
    if any(not (row.provenance and row.sources and row.audit_entries) for row in rows):
        raise SnapshotRefused("A row lacks its verdicts, their sources, or their audit entries.")
    if as_of is None:
        return
    if any(row.known_at > as_of for row in rows):
        raise SnapshotRefused("A row became known after the snapshot's time.")
    if any(row.matured_at > as_of for row in rows):
        raise SnapshotRefused("A label matured after the snapshot's time.")
    if any(row_facts.as_of > as_of for row_facts in facts):
        raise SnapshotRefused("The facts of a row are later than the snapshot's time.")
