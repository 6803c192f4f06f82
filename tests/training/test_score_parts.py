"""A large file in parts: the same bytes whatever the parts and processes, and resumed where it was cut off."""

import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.facts import Facts
from features.history import NOTHING_RECORDED
from features.listing import Listing, Rejection
from models.offline import REFUSED, answer_offline
from models.routing import Thresholds
from tests.fixtures.clocks import NOW
from tests.fixtures.facts import facts_of
from tests.fixtures.labelled import labelled_rows, write_ndjson
from tests.fixtures.scorers import a_bundle, bundle_files
from training.adapters.files import UnreadableFile
from training.adapters.formats import UnknownLayout
from training.bundle_folder import write_bundle_folder
from training.dataset import read_listings
from training.score import source
from training.score.columns import SCHEMA, scores_batch
from training.score.file import score_file

COLUMNS = ("external_id", "title", "description", "brand", "product_type", "price", "currency", "age_days")


def rows_of(number: int) -> list[dict[str, Any]]:
    """Rows, some without an id, some with a refused price, and some with text of many bytes."""
    known = [row for row, _ in labelled_rows(50)]
    rows = [{name: known[i % 50].get(name) for name in COLUMNS} for i in range(number)]
    for i, row in enumerate(rows):
        row["external_id"] = f"MP-{i}" if i % 7 else None
        if i % 11 == 0:
            row["price"] = "-1"
        if i % 13 == 0:
            row["title"] = f"Сумка {row['title']} 高仿"
    return rows


def write_parquet(path: Path, rows: Sequence[dict[str, Any]], *, group: int) -> Path:
    pq.write_table(pa.table({name: [row[name] for row in rows] for name in COLUMNS}), path, row_group_size=group)
    return path


def one_by_one(path: Path, out: Path) -> bytes:
    """The scores as one process without parts writes them: a thousand rows at a time, from Python's lists."""
    rows = list(read_listings(path, "native", received_at=NOW))
    with pq.ParquetWriter(out, SCHEMA, compression="zstd") as writer:
        for start in range(0, len(rows), 1_000):
            batch = rows[start : start + 1_000]
            accepted = [row.listing for row in batch if not isinstance(row.listing, Rejection)]
            answers = iter(answer_offline(a_bundle(), accepted, marketplace="native", as_of=NOW))
            columns: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
            for row in batch:
                if isinstance(row.listing, Rejection):
                    values: tuple[object, ...] = (row.number, row.external_id, None, REFUSED, [row.listing.sentence])
                else:
                    answer = next(answers)
                    values = (row.number, row.external_id, answer.probability, answer.route, list(answer.reasons))
                for name, cell in zip(SCHEMA.names, values, strict=True):
                    columns[name].append(cell)
            writer.write_table(pa.table(columns, schema=SCHEMA))
    return out.read_bytes()


@pytest.fixture(scope="module")
def whole_scores(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The scores of the first 2,350 rows one by one."""
    folder = tmp_path_factory.mktemp("whole")
    return one_by_one(write_ndjson(folder / "a.ndjson", rows_of(2_350)), folder / "out.parquet")


def score_bytes(path: Path, out: Path, **wishes: Any) -> bytes:
    score_file(path, "native", bundle_files(), out, received_at=NOW, **wishes)
    return out.read_bytes()


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "PART_ROWS", 1_000)


@pytest.mark.parametrize("group", [300, 1_000, 1_700, 10_000, None])
def test_scores_in_parts_have_the_bytes_of_scores_one_by_one(
    tmp_path: Path, whole_scores: bytes, group: int | None
) -> None:
    path, rows = tmp_path / "a.ndjson", rows_of(2_350)
    path = write_parquet(path.with_suffix(".parquet"), rows, group=group) if group else write_ndjson(path, rows)
    assert score_bytes(path, tmp_path / "out.parquet") == whole_scores


def test_two_processes_write_the_same_bytes(tmp_path: Path, whole_scores: bytes) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(2_350), group=700)
    assert score_bytes(path, tmp_path / "together.parquet", processes=2) == whole_scores


def test_without_reasons_only_refused_rows_have_one(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(100), group=100)
    score_bytes(path, tmp_path / "with.parquet")
    score_bytes(path, tmp_path / "without.parquet", with_reasons=False)
    with_, without = (pq.read_table(tmp_path / f"{name}.parquet").to_pylist() for name in ("with", "without"))
    assert [{**row, "reasons": None} for row in without] == [{**row, "reasons": None} for row in with_]
    assert all(bool(row["reasons"]) == (row["route"] == REFUSED) for row in without)
    assert any(row["reasons"] for row in without)


class RunStopped(Exception):
    """The user ended the run."""


def stopping_after(number: int) -> Callable[[int], None]:
    """Ends a run when some parts are done."""
    done: list[int] = []

    def advanced(at: int) -> None:
        done.append(at)
        if len(done) == number:
            raise RunStopped

    return advanced


def test_a_run_that_was_cut_off_goes_on_where_it_was_as_of_its_time(tmp_path: Path, whole_scores: bytes) -> None:
    path = write_parquet(tmp_path / "a.parquet", rows_of(2_350), group=700)
    out, before = tmp_path / "out.parquet", list[int]()
    with pytest.raises(RunStopped):
        score_bytes(path, out, advanced=stopping_after(2))
    assert not out.exists()
    moments = list[int]()
    score_file(
        path,
        "native",
        bundle_files(),
        out,
        received_at=NOW + timedelta(days=400),
        resumed=before.append,
        advanced=moments.append,
    )
    assert before == [1_400]
    assert moments[-1] == path.stat().st_size
    assert out.read_bytes() == whole_scores
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.parquet", "out.parquet"]


class RememberingHistory:
    """A history of nothing, which remembers as of when it was asked."""

    name = "nothing"

    def __init__(self) -> None:
        self.moments: list[datetime] = []

    def fixed(self, now: datetime) -> "RememberingHistory":
        self.moments.append(now)
        return self

    def open(self) -> "RememberingHistory":
        return self

    @property
    def taking_part(self) -> frozenset[str]:
        return frozenset()

    def facts(self, listings: Sequence[Listing]) -> list[Facts]:
        return [facts_of(listing, history=NOTHING_RECORDED) for listing in listings]

    def close(self) -> None:
        """It holds nothing."""


def test_the_history_is_that_of_the_time_when_the_run_began(tmp_path: Path) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(1_100), group=1_000), tmp_path / "out.parquet"
    history = RememberingHistory()
    with pytest.raises(RunStopped):
        score_bytes(path, out, history=history, advanced=stopping_after(1))
    later = NOW + timedelta(days=400)
    score_file(path, "native", bundle_files(), out, received_at=later, history=history)
    assert history.moments == [NOW, NOW]


@pytest.mark.parametrize("change", ["file", "reasons", "bundle"])
def test_parts_of_another_plan_are_not_used(tmp_path: Path, change: str) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(2_100), group=1_000), tmp_path / "out.parquet"
    with pytest.raises(RunStopped):
        score_bytes(path, out, advanced=stopping_after(1))
    before = list[int]()
    wishes: dict[str, Any] = {"received_at": NOW, "resumed": before.append}
    if change == "file":
        write_parquet(path, rows_of(2_099), group=1_000)
    files = bundle_files(thresholds=Thresholds(0.5, 0.1)) if change == "bundle" else bundle_files()
    score_file(path, "native", files, out, with_reasons=change != "reasons", **wishes)
    assert before == []


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(10), group=10), tmp_path / "out.parquet"

    def again(_: int) -> None:
        with pytest.raises(ValueError, match="another process is writing"):
            score_bytes(path, out)

    score_bytes(path, out, advanced=again)


def test_a_killed_run_leaves_no_process_and_is_resumed(tmp_path: Path) -> None:
    path, out = write_parquet(tmp_path / "a.parquet", rows_of(8_000), group=8_000), tmp_path / "out.parquet"
    write_bundle_folder(tmp_path / "bundle", bundle_files(), {})
    program = textwrap.dedent(
        f"""
        from datetime import datetime
        from pathlib import Path
        from training.score import source as score_source
        from training.bundle_folder import read_bundle_folder
        from training.score.file import score_file
        if __name__ == "__main__":
            score_source.PART_ROWS = 1_000
            score_file(
                Path({str(path)!r}), "native", read_bundle_folder(Path({str(tmp_path / "bundle")!r})),
                Path({str(out)!r}), received_at=datetime.fromisoformat({NOW.isoformat()!r}), processes=2,
                advanced=lambda done: print(done, flush=True),
            )
        """
    )
    (tmp_path / "run.py").write_text(program)
    run = subprocess.Popen([sys.executable, str(tmp_path / "run.py")], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    with run.stdout:
        run.stdout.readline()
        run.send_signal(signal.SIGKILL)
        run.wait(30)
        run.stdout.read()  # Ends when the last process that has the pipe has ended.
    before = list[int]()
    score_bytes(path, out, resumed=before.append)
    assert before
    assert before[0] >= 1_000


def test_a_file_that_is_no_parquet_or_of_another_format_leaves_nothing(tmp_path: Path) -> None:
    broken, other, out = tmp_path / "a.parquet", tmp_path / "b.parquet", tmp_path / "out.parquet"
    broken.write_bytes(b"PAR1 and nothing else")
    pq.write_table(pa.table({"nothing": [1]}), other)
    with pytest.raises(UnreadableFile, match=r"a\.parquet"):
        score_bytes(broken, out)
    with pytest.raises(UnknownLayout):
        score_bytes(other, out)
    assert {file.name for file in tmp_path.iterdir()} == {"a.parquet", "b.parquet"}


def test_columns_from_buffers_are_those_that_arrow_makes_of_lists() -> None:
    columns: dict[str, list[Any]] = {
        "row": [1, 2, 3],
        "listing_id": ["Сумка", None, ""],
        "probability": [0.25, None, 1.0],
        "route": ["no_action", "quarantined", "analyst"],
        "reasons": [[], ["a", "高仿"], [""]],
    }
    batch = scores_batch(*columns.values())
    batch.validate(full=True)
    assert batch == pa.record_batch(columns, schema=SCHEMA)
