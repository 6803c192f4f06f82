"""A cluster of separate processes. One is killed: each row is there once, and nothing finished is lost.

`TOUCHSTONE_CLUSTER_ROWS=10000000 make soak ARGS="-k each_row_is_there_once"` is the full size.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.fixtures.clusters import ROOT, Processes, processes_in
from tests.training.test_score_parts import COLUMNS, rows_of, score_bytes
from training.cluster import ClusterFailed
from training.score import source

ROWS: Final = int(os.environ.get("TOUCHSTONE_CLUSTER_ROWS", "300000"))
DISTINCT: Final = 5_000
GROUP: Final = 50_000

pytestmark = [pytest.mark.soak, pytest.mark.timeout(7_200)]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Processes]:
    with processes_in(tmp_path / "cluster") as processes:
        yield processes


def distinct_rows() -> pa.Table:
    rows = [{**row, "seller.external_id": f"s-{i % 700}"} for i, row in enumerate(rows_of(DISTINCT))]
    names = [*COLUMNS[1:], "seller.external_id"]
    return pa.table({name: [row[name] for row in rows] for name in names})


def with_ids(rows: pa.Table, first: int) -> pa.Table:
    """The rows with the ids of their places in the file."""
    ids = pa.array([f"B-{number}" for number in range(first, first + rows.num_rows)])
    return rows.append_column("external_id", ids)


def a_long_file(path: Path, rows: int) -> Path:
    """A file of few distinct rows again and again, each with an id of its own."""
    known = pa.concat_tables([distinct_rows()] * (GROUP // DISTINCT))
    with pq.ParquetWriter(path, with_ids(known, 1).schema) as writer:
        for before in range(0, rows, GROUP):
            writer.write_table(with_ids(known.slice(0, rows - before), before + 1))
    return path


def without_ids(scores: pa.Table) -> pa.Table:
    return scores.select(["probability", "route", "reasons"]).combine_chunks()


def test_each_row_is_there_once_after_a_worker_was_killed(tmp_path: Path, cluster: Processes) -> None:
    path, out = a_long_file(tmp_path / "a.parquet", ROWS), tmp_path / "out.parquet"
    workers = [cluster.work("first"), cluster.work("second")]
    killed: list[int] = []

    def kill_one_halfway(done: int) -> None:
        if done > path.stat().st_size // 2 and not killed:
            killed.append(done)
            workers[0].kill()

    score_bytes(path, out, dask=cluster.address, with_reasons=False, advanced=kill_one_halfway)
    assert killed
    assert (workers[0].wait(), workers[1].poll()) == (-9, None)
    pq.write_table(with_ids(distinct_rows(), 1), tmp_path / "distinct.parquet")
    score_bytes(tmp_path / "distinct.parquet", tmp_path / "here.parquet", with_reasons=False)
    expected = without_ids(pq.read_table(tmp_path / "here.parquet"))
    rows = 0
    for batch in pq.ParquetFile(out).iter_batches(DISTINCT):  # Row groups are a thousand rows, so batches are whole.
        numbers = range(rows + 1, rows + 1 + batch.num_rows)
        assert batch["row"].to_pylist() == list(numbers)
        assert batch["listing_id"].to_pylist() == [f"B-{number}" for number in numbers]
        assert without_ids(pa.Table.from_batches([batch])).equals(expected.slice(0, batch.num_rows))
        rows += batch.num_rows
    assert rows == ROWS
    assert not list(tmp_path.glob(".out*"))


def test_a_lost_scheduler_ends_the_run_and_a_new_one_goes_on(
    tmp_path: Path, cluster: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "PART_ROWS", 1_000)
    path, out, before = a_long_file(tmp_path / "a.parquet", 20_000), tmp_path / "out.parquet", list[int]()
    cluster.work("first")
    with pytest.raises(ClusterFailed, match=r"was lost\. What is finished is kept: run the same command again"):
        score_bytes(path, out, dask=cluster.address, advanced=lambda _: cluster.lose_scheduler())
    with processes_in(tmp_path / "another", workers=1) as another:
        there = score_bytes(path, out, dask=another.address, resumed=before.append)
    assert 1_000 <= before[0] < 20_000
    assert there == score_bytes(path, tmp_path / "here.parquet")


@pytest.fixture
def stranger(tmp_path: Path) -> str:
    """A folder with another project's package of the same name."""
    package = tmp_path / "stranger" / "training"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    return str(package.parent)


def test_a_worker_without_touchstone_is_named(tmp_path: Path, cluster: Processes, stranger: str) -> None:
    path = a_long_file(tmp_path / "a.parquet", 1_000)
    cluster.work("ours")
    cluster.work("stranger", PYTHONPATH=stranger)
    with pytest.raises(ClusterFailed, match=r"1 of 2 workers cannot take part: \S+ has no Touchstone \(.*No module"):
        score_bytes(path, tmp_path / "out.parquet", dask=cluster.address)


def test_a_scheduler_without_touchstone_is_named(tmp_path: Path, stranger: str) -> None:
    path = a_long_file(tmp_path / "a.parquet", 1_000)
    with processes_in(tmp_path / "other", PYTHONPATH=stranger) as cluster:
        cluster.work("ours", PYTHONPATH=str(ROOT))
        with pytest.raises(ClusterFailed, match=r"The scheduler at \S+ has no Touchstone \(.*No module"):
            score_bytes(path, tmp_path / "out.parquet", dask=cluster.address)


def test_a_part_that_ends_several_workers_is_given_up(tmp_path: Path) -> None:
    path, out = a_long_file(tmp_path / "a.parquet", 1_000), tmp_path / "out.parquet"
    limit = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    died = pytest.raises(ClusterFailed, match=r"failed \(.*workers died while running it")
    with processes_in(tmp_path / "cluster", workers=2, **limit) as cluster, died:
        score_bytes(path, out, dask=cluster.address, history=FatalHistory())


class FatalHistory:
    """A history that ends every process that opens it."""

    name = "fatal"

    def fixed(self, _now: object) -> "FatalHistory":
        return self

    def open(self) -> Any:
        os._exit(3)
