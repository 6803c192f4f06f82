"""Scores of a file: one output row per input row, in order, on several processes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed

from features.listing import Rejection
from models.bundle import Bundle, from_files, verify
from models.offline import REFUSED, OfflineAnswer, answer_offline
from training.dataset import CheckedRow, read_listings

SCHEMA: Final = pa.schema(
    [
        ("row", pa.int64()),
        ("listing_id", pa.string()),
        ("probability", pa.float64()),
        ("route", pa.string()),
        ("reasons", pa.list_(pa.string())),
    ]
)
_BATCH: Final = 1_000


def score_file(
    path: Path,
    format_name: str,
    files: Mapping[str, bytes],
    out: Path,
    *,
    received_at: datetime,
    processes: int = 1,
    advanced: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Score every row; returns the number of rows by route.

    `processes` processes score batches of a thousand in order, so memory does not grow with the file. `listing_id` is
    the input's own id as text. `probability` is null only for a row that validation rejects; its route is
    `quarantined`. A row that would go to a person has the reasons of the model and of the route; any other row has
    those of the route only. Brands in the bundle's register take part.

    Raises
    ------
    BundleRefused
        The files are not a bundle of this feature set.
    Unreadable, UnknownLayout
        The whole file cannot be read as this format.
    """
    verify(files)
    shared = tuple(sorted(files.items()))
    counts: dict[str, int] = {}
    rows = read_listings(path, format_name, received_at=received_at, advanced=advanced)
    temporary = out.with_name(f".{out.name}.writing")
    workers = Parallel(n_jobs=processes, return_as="generator", pre_dispatch=2 * processes)
    tasks = (delayed(_score_batch)(batch, shared, format_name, received_at) for batch in _batches(rows))
    with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        for columns in workers(tasks):
            for name in columns["route"]:
                counts[str(name)] = counts.get(str(name), 0) + 1
            writer.write_table(pa.table(columns, schema=SCHEMA))
    temporary.replace(out)
    return counts


def _batches(rows: Iterator[CheckedRow]) -> Iterator[list[CheckedRow]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


@cache
def _bundle_of(files: tuple[tuple[str, bytes], ...]) -> Bundle:
    """The bundle of verified files, built once per process."""
    return from_files(dict(files))


def _score_batch(
    batch: Sequence[CheckedRow], files: tuple[tuple[str, bytes], ...], marketplace: str, as_of: datetime
) -> dict[str, list[object]]:
    accepted = [(row.number, row.listing) for row in batch if not isinstance(row.listing, Rejection)]
    answers = answer_offline(
        _bundle_of(files), [listing for _, listing in accepted], marketplace=marketplace, as_of=as_of
    )
    return _columns(batch, {number: one for (number, _), one in zip(accepted, answers, strict=True)})


def _columns(batch: Iterable[CheckedRow], answers: Mapping[int, OfflineAnswer]) -> dict[str, list[object]]:
    columns: dict[str, list[object]] = {name: [] for name in SCHEMA.names}
    for row in batch:
        refused = row.listing if isinstance(row.listing, Rejection) else None
        nothing = OfflineAnswer(None, REFUSED, (refused.sentence if refused else "",))
        found = answers.get(row.number, nothing)
        values = (row.number, row.external_id, found.probability, found.route, list(found.reasons))
        for name, value in zip(SCHEMA.names, values, strict=True):
            columns[name].append(value)
    return columns
