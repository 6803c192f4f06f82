"""Scores of a file: one output row per input row, in order, on several processes, and resumed where it was cut off."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from models.bundle import verify
from training.score.columns import SCHEMA
from training.score.kept_parts import KeptParts
from training.score.numbered import integer_values
from training.score.on_cluster import workers_at
from training.score.parts import History, Job, Part, PartScoring, Workers
from training.score.seller_shards import WINDOW_CHARACTERS, WINDOW_ROWS
from training.score.source import PART_CHARACTERS, PART_ROWS, Source, source_of
from training.score.workers import workers_on

_ROWS: Final = 1_000  # In a row group of the output.


def score_file(
    path: Path,
    format_name: str,
    files: Mapping[str, bytes],
    out: Path,
    *,
    received_at: datetime,
    processes: int = 1,
    dask: str | None = None,
    with_reasons: bool = True,
    history: History | None = None,
    advanced: Callable[[int], None] = lambda _: None,
    resumed: Callable[[int], None] = lambda _: None,
) -> dict[str, int]:
    """Score every row; returns the number of rows by route.

    `listing_id` is the input's own id as text. `probability` is null only for a row that validation rejects; its route
    is `quarantined`. A row that would go to a person has the reasons of the model and of the route; any other row has
    those of the route only. Without reasons no accepted row has any. Brands in the bundle's register take part. With
    `history`, rows are scored with it, and with its references in place of the bundle's.

    `processes` processes read and score parts of some thousand rows, so memory does not grow with the file. With
    `dask`, the address of a scheduler, this process reads the rows and the workers of a cluster score them. Finished
    parts are kept beside `out` until all are done. An equal call resumes one that was cut off, here or on a cluster, as
    of its time: `resumed` then receives the number of rows that were scored before. `advanced` receives the number of
    bytes done.

    Raises BundleRefused (the files are not a bundle of this feature set), Unreadable, UnknownLayout (the whole file
    cannot be read as this format), ClusterFailed (the cluster cannot be used or is lost; finished parts are kept) or
    ValueError (another process is writing this file of scores).
    """
    bundle = verify(files)
    source = source_of(path, format_name, received_at=received_at, advanced=advanced, by_seller=history is not None)
    plan = {
        "file": source.digest,
        "format": format_name,
        "bundle": bundle,
        "with_reasons": with_reasons,
        "history": None if history is None else history.name,
        "part": [PART_ROWS, PART_CHARACTERS, WINDOW_ROWS, WINDOW_CHARACTERS],
    }
    with KeptParts(out.with_name(f".{out.name}.parts"), plan, received_at) as kept_parts:
        job = Job(
            path,
            format_name,
            source.columns,
            source.digest,
            kept_parts.begun_at,
            with_reasons=with_reasons,
            history=None if history is None else history.fixed(kept_parts.begun_at),
        )
        if kept_parts.rows:
            resumed(kept_parts.rows)
        place: AbstractContextManager[Workers]
        place = (
            workers_on(job, kept_parts.bundle(files), processes)
            if dask is None
            else workers_at(dask, job, files, bundle)
        )
        with place as workers:
            counts = _write_in_order(source, kept_parts, workers, out)
        kept_parts.remove()
    return counts


def _write_in_order(source: Source, kept_parts: KeptParts, workers: Workers, out: Path) -> dict[str, int]:
    """Write the scores of all parts to the output, in order, as they are finished."""
    counts: Counter[str] = Counter()
    waiting: deque[tuple[Part, PartScoring | None]] = deque()
    temporary = out.with_name(f".{out.name}.writing")
    with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        rows, window = _Rows(writer), list[pa.Table]()

        def collect(part: Part, scored: PartScoring | None) -> None:
            if scored is not None:
                scored.result()
            table = kept_parts.read(part.number)
            counts.update({route["values"]: route["counts"] for route in pc.value_counts(table["route"]).to_pylist()})
            window.append(table)
            if part.ends_window:
                rows.write(pa.concat_tables(window))
                window.clear()
            source.done(counts.total())

        for part in source.parts:
            waiting.append(
                (part, None if kept_parts.has(part.number) else workers.score(part, kept_parts.file(part.number)))
            )
            while len(waiting) > workers.most_waiting or (waiting and _is_done(waiting[0][1])):
                collect(*waiting.popleft())
        while waiting:
            collect(*waiting.popleft())
        rows.end()
    temporary.replace(out)
    return dict(counts)


def _is_done(scored: PartScoring | None) -> bool:
    return scored is None or scored.done()


def _row_numbers(table: pa.Table) -> NDArray[np.int64]:
    return np.concatenate([integer_values(chunk) for chunk in table["row"].chunks])


@dataclass(slots=True)
class _Rows:
    """Writes rows in row groups of a thousand, whatever the parts."""

    writer: pq.ParquetWriter
    _written: int = 0
    _waiting: list[pa.Table] = field(default_factory=list)

    def write(self, table: pa.Table) -> None:
        """Write what is whole of these rows, which follow those before, and the ones that wait.

        Raises ValueError (a row is missing, or is there twice).
        """
        row_numbers = np.arange(self._written + 1, self._written + 1 + table.num_rows)
        if not np.array_equal(_row_numbers(table), row_numbers):
            table = table.sort_by("row")
            if not np.array_equal(_row_numbers(table), row_numbers):
                raise ValueError("The scores do not belong to the rows of the file. Delete them, and begin again.")
        self._written += table.num_rows
        all_rows = pa.concat_tables([*self._waiting, table])
        whole = all_rows.num_rows - all_rows.num_rows % _ROWS
        for start in range(0, whole, _ROWS):
            self.writer.write_table(all_rows.slice(start, _ROWS))
        self._waiting = [all_rows.slice(whole)] if whole < all_rows.num_rows else []

    def end(self) -> None:
        for table in self._waiting:
            self.writer.write_table(table)
