"""The parts of a file that is scored: consecutive rows, read and scored by one process, with their scores in a file."""

import gc
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from features.facts import Facts
from features.listing import Listing, Rejection
from models.bundle import Bundle
from models.offline import REFUSED, OfflineAnswer, answer_facts, answer_offline
from training.adapters.files import RawRow
from training.adapters.parquet import RowGroupReader
from training.dataset import CheckedRow, Reading, check_batch, check_row
from training.score.columns import SCHEMA, scores_batch
from training.score.numbered import AT_ONCE, NumberedBatch, unpack_batches


class OpenHistory(Protocol):
    """The recorded history of a marketplace, with its present references."""

    @property
    def taking_part(self) -> AbstractSet[str]:
        """The brands that answer questions."""
        ...

    def facts(self, listings: Sequence[Listing]) -> list[Facts]:
        """The facts of each listing as of its time, in order."""
        ...

    def close(self) -> None:
        """Release what the history holds."""
        ...


class FixedHistory(Protocol):
    """The address of a recorded history with the references of one moment, which travels to other processes."""

    def open(self) -> OpenHistory: ...


class History(Protocol):
    """The address of a recorded history."""

    @property
    def name(self) -> str:
        """What tells this history from others, without a secret."""
        ...

    def fixed(self, now: datetime) -> FixedHistory:
        """The history with the references of now: all rows are compared with the same, in whatever process."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """What all parts of one file have in common.

    `columns` are those of the first readable row, None where no row is readable.
    """

    path: Path
    format_name: str
    columns: tuple[str, ...] | None
    digest: str
    received_at: datetime
    with_reasons: bool = True
    history: FixedHistory | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """Consecutive rows of a row group, which the process that scores them reads."""

    first_row: int
    count: int
    row_group: int
    start: int

    def batches(self, groups: RowGroupReader) -> Iterator[NumberedBatch]:
        number = self.first_row
        for batch in groups.batches(self.row_group, self.start, self.count):
            yield batch, range(number, number + batch.num_rows)
            number += batch.num_rows


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a file: a slice of it, or rows that were read, as such or as `numbered.packed` makes them.

    Parts follow one another in the file. Those in which the rows of each seller are together do so from window to
    window only; `ends_window` is false for every part of such a window but the last.
    """

    number: int
    count: int
    rows: Slice | tuple[RawRow, ...] | bytes
    ends_window: bool = True


class PartScoring(Protocol):
    def done(self) -> bool: ...

    def result(self) -> None:
        """Wait until they are."""
        ...


class Workers(Protocol):
    @property
    def most_waiting(self) -> int:
        """How many parts may wait for an earlier one."""
        ...

    def score(self, part: Part, file: Path) -> PartScoring:
        """Score a part into a file, or begin to; the file appears when it is whole."""
        ...


@dataclass(slots=True)
class Scorer:
    """One process's work on a file: a bundle, and its place in the file."""

    job: Job
    bundle: Bundle
    reading: Reading | None = field(init=False)
    groups: RowGroupReader = field(init=False)
    history: OpenHistory | None = field(init=False)

    def __post_init__(self) -> None:
        """Open the history."""
        job = self.job
        self.reading = None
        if job.columns is not None:
            self.reading = Reading.of(job.format_name, job.columns, digest=job.digest, received_at=job.received_at)
        self.groups = RowGroupReader(job.path)
        self.history = None if job.history is None else job.history.open()

    def close(self) -> None:
        """Release the file and the history."""
        self.groups.close()
        if self.history is not None:
            self.history.close()

    def score(self, part: Part, sink: pa.NativeFile) -> None:
        with _without_garbage_collection(), pa.ipc.new_file(sink, SCHEMA) as writer:
            for batch in self._batches(part):
                writer.write_batch(self._scores(batch))

    def _batches(self, part: Part) -> Iterator[list[CheckedRow]]:
        rows = part.rows
        if isinstance(rows, tuple):
            checked = (check_row(row, self.reading) for row in rows)
            while batch := list(islice(checked, AT_ONCE)):
                yield batch
        elif self.reading is not None:  # Arrow's rows are readable.
            for record_batch, numbers in rows.batches(self.groups) if isinstance(rows, Slice) else unpack_batches(rows):
                yield check_batch(record_batch, numbers, self.reading)

    def _scores(self, batch: Sequence[CheckedRow]) -> pa.RecordBatch:
        answers = iter(self._answers([row.listing for row in batch if not isinstance(row.listing, Rejection)]))
        row_answers = [
            _refusal_answer(row.listing) if isinstance(row.listing, Rejection) else next(answers) for row in batch
        ]
        return scores_batch(
            [row.number for row in batch],
            [row.external_id for row in batch],
            [answer.probability for answer in row_answers],
            [answer.route for answer in row_answers],
            [answer.reasons for answer in row_answers],
        )

    def _answers(self, listings: Sequence[Listing]) -> list[OfflineAnswer]:
        job, history = self.job, self.history
        if history is None:
            return answer_offline(
                self.bundle, listings, marketplace=job.format_name, as_of=job.received_at, with_reasons=job.with_reasons
            )
        return answer_facts(
            self.bundle, history.facts(listings), taking_part=history.taking_part, with_reasons=job.with_reasons
        )


def _refusal_answer(why: Rejection) -> OfflineAnswer:
    return OfflineAnswer(None, REFUSED, (why.sentence,))


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Without garbage collection, which takes a tenth of the time: a row's objects are in no cycle."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()
