"""Intake on PostgreSQL beside an earlier commit: processor time with the server's, and bytes a listing."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import psycopg

from serving.platform.database.fast.switch import VARIABLE, FastPath
from tests.benchmarks.work import SETTINGS
from tests.fixtures.postgres import Postgres, shared_postgres
from training.simulation.synthetic import Settings, build_world

_SIDE: Final = Path(__file__).with_name("intake_side.py")
_HERE: Final = Path(__file__).parent.parent.parent
_BATCH: Final = 1_000
_SINGLES: Final = 100
_WARM_UP: Final = 2
_SIZE: Final = """
SELECT sum(pg_total_relation_size(c.oid))::float / (SELECT count(*) FROM listing) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND n.nspname = 'public'
"""
INTRODUCTION: Final = """\
Simulated listings with sellers, none known before, taken in without a model: batches of {batch:,}, and single ones, in
a process and a database of each side on one PostgreSQL. Four sides lack one of the [fast paths](fast-paths.md) each.
Processor time of the process and of its server processes, medians over {rounds} rounds in turns after {warm_up} to warm
up; load {before} before and {after} after. Both collect garbage as a service does. Bytes are those of all tables with
their indexes after VACUUM, with {listings:,} listings.

    make bench ARGS="intake --rounds {rounds} --parent ../an-earlier-checkout"

| side | work | process, microseconds a listing | server | both | its time over ours | bytes a listing |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
"""


@dataclass(slots=True)
class Side:
    """A process of a checkout, its database, and what each listing took in each round, by kind of work."""

    process: "subprocess.Popen[str]"
    database: str
    control: psycopg.Connection[Any]
    taken: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def take_in(self, batches: Path) -> tuple[float, float]:
        """Processor seconds of the process and of the server for these batches.

        Raises
        ------
        RuntimeError
            The process has ended.
        """
        before = self._server_seconds()
        assert self.process.stdin is not None
        self.process.stdin.write(f"{batches}\n")
        self.process.stdin.flush()
        return float(self.answer()), self._server_seconds() - before

    def answer(self) -> str:
        """The next line that the process prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"a side ended with {self.process.wait()}")
        return line

    def _server_seconds(self) -> float:
        """Of the server's processes for the connections of this side, by Linux's /proc; the pool keeps them all."""
        own = self.control.info.backend_pid
        query = "SELECT pid FROM pg_stat_activity WHERE datname = %s AND pid <> %s AND backend_type = 'client backend'"
        pids = [pid for (pid,) in self.control.execute(query, [self.database, own]).fetchall()]
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9

    def bytes_a_listing(self) -> float:
        """After VACUUM."""
        self.tidy()
        row = self.control.execute(_SIZE).fetchone()
        assert row is not None
        return float(row[0])

    def tidy(self) -> None:
        """Give the planner the statistics that it has in operation."""
        self.control.execute("VACUUM ANALYZE")


@contextmanager
def open_side(checkout: Path, server: Postgres, home: Path, paths: Iterable[str] = FastPath) -> Iterator[Side]:
    """A checkout's side with these fast paths, with a database and a marketplace of its own."""
    url = server.new_database()
    home.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(checkout), "OMP_WAIT_POLICY": "passive", VARIABLE: ",".join(paths)}
    with (
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as control,
        subprocess.Popen(
            [sys.executable, str(_SIDE), str(home), url],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
    ):
        side = Side(process, url.rpartition("/")[2], control)
        side.answer()
        yield side
        assert process.stdin is not None
        process.stdin.close()


def rows(many: int) -> list[dict[str, Any]]:
    """Different listings as a marketplace sends them, the broken ones included."""
    world = build_world(Settings(listings=many + many // 20, seed=7, start=SETTINGS.start))
    rows_by_id = {str(sent.row["external_id"]): dict(sent.row) for sent in reversed(world.sent)}
    return list(rows_by_id.values())[:many]


def _works(rounds: int, folder: Path) -> list[dict[str, tuple[Path, int]]]:
    """The files of each round by kind of work, each with its number of listings."""
    row_source = iter(rows((rounds + _WARM_UP) * (_BATCH + _SINGLES)))
    works = []
    for number in range(rounds + _WARM_UP):
        batch, singles = ([next(row_source) for _ in range(many)] for many in (_BATCH, _SINGLES))
        work: dict[str, Sequence[Sequence[Any]]] = {
            f"batch of {_BATCH:,}": [batch],
            "single": [[row] for row in singles],
        }
        files = {}
        for name, batches in work.items():
            path = folder / f"{number}-{len(batches)}.json"
            path.write_text(json.dumps(batches, default=str), encoding="utf-8")
            files[name] = (path, sum(map(len, batches)))
        works.append(files)
    return works


def section(rounds: int, parent: Path | None) -> str:
    """The part of the page, with another checkout's side if there is one."""
    checkouts = {"ours": _HERE, **({} if parent is None else {"before": parent.absolute()})}
    without = {f"without {path}": set(FastPath) - {path} for path in FastPath}
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        works = _works(rounds, folder)
        server = stack.enter_context(shared_postgres(folder))
        sides = {
            side: stack.enter_context(open_side(checkout, server, folder / side))
            for side, checkout in checkouts.items()
        } | {
            side: stack.enter_context(open_side(_HERE, server, folder / side, paths)) for side, paths in without.items()
        }
        for number, files in enumerate(works):
            for work, (path, many) in files.items():
                for side in sides.values():
                    taken = tuple(seconds / many * 1e6 for seconds in side.take_in(path))
                    if number >= _WARM_UP:
                        side.taken.setdefault(work, []).append((taken[0], taken[1]))
            if number == _WARM_UP - 1:
                for side in sides.values():
                    side.tidy()
        sizes = {side: opened_side.bytes_a_listing() for side, opened_side in sides.items()}
    medians = {
        (side, work): np.median(taken, axis=0)
        for side, opened_side in sides.items()
        for work, taken in opened_side.taken.items()
    }
    lines = [
        f"| {side} | {work} | {process:,.0f} | {of_server:,.0f} | {process + of_server:,.0f} "
        f"| {(process + of_server) / medians['ours', work].sum():.2f}x | {sizes[side]:,.0f} |"
        for (side, work), (process, of_server) in medians.items()
    ]
    introduction = INTRODUCTION.format(
        batch=_BATCH,
        rounds=rounds,
        warm_up=_WARM_UP,
        listings=len(works) * (_BATCH + _SINGLES),
        before=f"{before:.1f}",
        after=f"{os.getloadavg()[0]:.1f}",
    )
    return introduction + "\n".join(lines)
