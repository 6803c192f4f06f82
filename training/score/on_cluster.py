"""Workers of a cluster that score the parts of a file. This process reads and sends the rows, and keeps the scores."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from models.bundle import from_files
from training.adapters.parquet import RowGroupReader
from training.cluster import Cluster, ClusterFailed, cluster_at
from training.score.columns import SCHEMA
from training.score.numbered import pack_batches, with_numbers
from training.score.parts import Job, Part, Scorer, Slice

_THEN: Final = "What is finished is kept: run the same command again to go on."


@dataclass(slots=True)
class _PendingPart:
    cluster: Cluster
    part: Part
    file: Path
    is_kept: bool = False

    def done(self) -> bool:
        return self.is_kept

    def result(self) -> None:
        """Wait until they are."""
        while not self.is_kept:
            self.cluster.wait()

    def keep(self, scores: bytes) -> None:
        """Write the scores; the file appears when it is whole."""
        if not _are_scores(scores, self.part.count):
            raise ClusterFailed("A worker of the cluster gave something else than the scores of its rows.")
        temporary = self.file.with_suffix(".writing")
        temporary.write_bytes(scores)
        temporary.replace(self.file)
        self.is_kept = True


def _are_scores(content: bytes, count: int) -> bool:
    try:
        table = pa.ipc.open_file(content).read_all()
    except pa.ArrowException:
        return False
    return bool(table.schema == SCHEMA and table.num_rows == count)


@dataclass(slots=True)
class ClusterWorkers:
    """Scores parts on a cluster, as `training.score.parts.Workers`."""

    cluster: Cluster
    groups: RowGroupReader

    @property
    def most_waiting(self) -> int:
        """How many parts may wait for an earlier one."""
        return 2 * self.cluster.most_under_way

    def score(self, part: Part, file: Path) -> _PendingPart:
        """Send the rows of a part as soon as there is room for it."""
        pending = _PendingPart(self.cluster, part, file)
        if isinstance(part.rows, Slice):
            rows = [with_numbers(batch, numbers) for batch, numbers in part.rows.batches(self.groups)]
            part = replace(part, rows=pack_batches(rows))
        self.cluster.begin(part, pending.keep)
        return pending


@dataclass(frozen=True, slots=True)
class ScoreWork:
    """The work of scoring a file, with its bundle."""

    job: Job
    files: Mapping[str, bytes]
    digest: str

    def open(self) -> "OpenScoreWork":
        """The work in this process; the files must be those of the digest."""
        return OpenScoreWork(Scorer(self.job, from_files(self.files, expected=self.digest)))


@dataclass(frozen=True, slots=True)
class OpenScoreWork:
    scorer: Scorer

    def compute(self, part: Part) -> bytes:
        """The scores of a part, as an Arrow file."""
        sink = pa.BufferOutputStream()
        self.scorer.score(part, sink)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # Arrow has no types

    def close(self) -> None:
        self.scorer.close()


@contextmanager
def workers_at(address: str, job: Job, files: Mapping[str, bytes], digest: str) -> Iterator[ClusterWorkers]:
    """The workers of a cluster for one file, each with the bundle of a digest.

    Raises ClusterFailed (as `cluster_at`).
    """
    work = ScoreWork(job, files, digest)
    with cluster_at(address, work, then=_THEN) as cluster, closing(RowGroupReader(job.path)) as groups:
        yield ClusterWorkers(cluster, groups)
