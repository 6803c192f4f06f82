"""The processes that score the parts of a file: this one, and others beside it."""

import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import closing, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from typing import Final

import pyarrow as pa

from models.bundle import from_files
from training.bundle_folder import read_bundle_folder
from training.score.parts import Job, Part, Scorer

_AHEAD: Final = 2  # Parts that wait for each other process, so that it need not wait for this one.
# LightGBM imports the first two where they are installed, and Numba the third: 100 MB in each process for what scoring
# does not do.
_NOT_NEEDED: Final = ("pandas", "sklearn", "scipy.linalg")


class LocalWorkers:
    """Scores parts on this process and others. A part is done here if all others have enough to do."""

    def __init__(self, scorer: Scorer, others: Executor | None, processes: int) -> None:
        self._scorer, self._others = scorer, others
        self._ahead = _AHEAD * (processes - 1)
        self._handed_out: deque[Future[None]] = deque()

    @property
    def most_waiting(self) -> int:
        """How many parts may wait for an earlier one."""
        return 2 * self._ahead

    def score(self, part: Part, file: Path) -> Future[None]:
        """Score a part into a file, or begin to."""
        self._handed_out = deque(future for future in self._handed_out if not future.done())
        if self._others is not None and len(self._handed_out) < self._ahead:
            self._handed_out.append(self._others.submit(_score_part, part, file))
            return self._handed_out[-1]
        done = Future[None]()
        _write_scores(self._scorer, part, file)
        done.set_result(None)
        return done


@contextmanager
def workers_on(job: Job, bundle: Path, processes: int) -> Iterator[LocalWorkers]:
    """Workers for one file, each with its own copy of the bundle in a folder and its own place in the file."""
    if processes == 1:
        with closing(_make_scorer(job, bundle)) as scorer:
            yield LocalWorkers(scorer, None, 1)
        return
    # Not forked: threads of Arrow and compiled code do not survive a fork.
    pool = ProcessPoolExecutor(processes - 1, get_context("spawn"), initializer=_start_worker, initargs=(job, bundle))
    try:
        _save_memory()
        with closing(_make_scorer(job, bundle)) as scorer:
            yield LocalWorkers(scorer, pool, processes)
    finally:
        pool.shutdown(cancel_futures=True)


_SCORERS: list[Scorer] = []


def _start_worker(job: Job, bundle: Path) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The process that hands out the parts ends the others.
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _save_memory()
    _SCORERS.append(_make_scorer(job, bundle))


def _make_scorer(job: Job, bundle: Path) -> Scorer:
    return Scorer(job, from_files(read_bundle_folder(bundle)))


def _save_memory() -> None:
    """Import LightGBM and Numba without what they could do without, unless it is there; Arrow keeps no free memory."""
    pa.set_memory_pool(pa.system_memory_pool())
    hidden = [name for name in _NOT_NEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None refuses an import
    try:
        import lightgbm  # noqa: F401, PLC0415  # see above
        import numba.np.arraymath  # noqa: F401, PLC0415  # see above
    finally:
        for name in hidden:
            del sys.modules[name]


def _end_with_parent() -> None:
    if (parent := parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)


def _score_part(part: Part, file: Path) -> None:
    _write_scores(_SCORERS[-1], part, file)


def _write_scores(scorer: Scorer, part: Part, file: Path) -> None:
    """The file appears when it is whole."""
    temporary = file.with_suffix(".writing")
    with pa.OSFile(str(temporary), "wb") as sink:
        scorer.score(part, sink)
    temporary.replace(file)
