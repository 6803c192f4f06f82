"""Scores of a file: one output row per input row, in order, on several processes, and resumed where it was cut off."""

from collections import Counter, deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.bundle import verify
from training.kept_parts import KeptParts
from training.score_columns import SCHEMA
from training.score_parts import History, Job, Part
from training.score_source import PART_CHARACTERS, PART_ROWS, Source, source_of
from training.score_workers import Workers, workers_on

_ROWS: Final = 1_000  # In a row group of the output.


def score_file(
    path: Path,
    format_name: str,
    files: Mapping[str, bytes],
    out: Path,
    *,
    received_at: datetime,
    processes: int = 1,
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

    `processes` processes read and score parts of some thousand rows, so memory does not grow with the file. Finished
    parts are kept beside `out` until all are done. An equal call resumes one that was cut off, as of its time:
    `resumed` then receives the number of rows that were scored before. `advanced` receives the number of bytes done.

    Raises
    ------
    BundleRefused
        The files are not a bundle of this feature set.
    Unreadable, UnknownLayout
        The whole file cannot be read as this format.
    ValueError
        Another process is writing this file of scores.
    """
    bundle = verify(files)
    source = source_of(path, format_name, received_at=received_at, advanced=advanced)
    plan = {
        "file": source.digest,
        "format": format_name,
        "bundle": bundle,
        "with_reasons": with_reasons,
        "history": None if history is None else history.name,
        "part": [PART_ROWS, PART_CHARACTERS],
    }
    with KeptParts(out.with_name(f".{out.name}.parts"), plan, received_at) as kept:
        job = Job(
            path,
            format_name,
            source.columns,
            source.digest,
            kept.begun_at,
            kept.bundle(files),
            with_reasons=with_reasons,
            history=history,
        )
        if kept.rows:
            resumed(kept.rows)
        with workers_on(job, processes) as workers:
            counts = _collect(source, kept, workers, out)
        kept.remove()
    return counts


def _collect(source: Source, kept: KeptParts, workers: Workers, out: Path) -> dict[str, int]:
    """Write the scores of all parts to the output, in order, as they are finished."""
    counts: Counter[str] = Counter()
    waiting: deque[tuple[Part, Future[None] | None]] = deque()
    temporary = out.with_name(f".{out.name}.writing")
    with pq.ParquetWriter(temporary, SCHEMA, compression="zstd") as writer:
        rows = _Rows(writer)

        def collect(part: Part, scored: Future[None] | None) -> None:
            if scored is not None:
                scored.result()
            table = kept.read(part.number)
            counts.update({one["values"]: one["counts"] for one in pc.value_counts(table["route"]).to_pylist()})
            rows.write(table)
            source.done(part)

        for part in source.parts:
            waiting.append((part, None if kept.has(part.number) else workers.score(part, kept.file(part.number))))
            while len(waiting) > workers.most_waiting or (waiting and _is_done(waiting[0][1])):
                collect(*waiting.popleft())
        while waiting:
            collect(*waiting.popleft())
        rows.end()
    temporary.replace(out)
    return dict(counts)


def _is_done(scored: Future[None] | None) -> bool:
    return scored is None or scored.done()


@dataclass(slots=True)
class _Rows:
    """Writes rows in row groups of a thousand, whatever the parts."""

    writer: pq.ParquetWriter
    _waiting: list[pa.Table] = field(default_factory=list)

    def write(self, table: pa.Table) -> None:
        """Write what is whole of these rows and the ones that wait."""
        found = pa.concat_tables([*self._waiting, table])
        whole = found.num_rows - found.num_rows % _ROWS
        for start in range(0, whole, _ROWS):
            self.writer.write_table(found.slice(start, _ROWS))
        self._waiting = [found.slice(whole)] if whole < found.num_rows else []

    def end(self) -> None:
        """Write the rows that are left."""
        for table in self._waiting:
            self.writer.write_table(table)
