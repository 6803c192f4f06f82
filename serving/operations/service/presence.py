"""Whether processes can do their work: heartbeats of those that run jobs, and readiness for a balancer."""

import os
import shutil
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from features.phrase import Phrase
from serving.learning.store import learning
from serving.operations.store import workers
from serving.operations.store.workers import WorkerProcess
from serving.platform.database.engine import is_sqlite
from serving.platform.database.faults import DatabaseFull, StorageFault
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import ChampionMissing, LiveModels, MissingChampion

# A running process was seen at most a minute ago; two writes a minute cost little.
PACE: Final = timedelta(seconds=30)
MISSED: Final = timedelta(minutes=2)


class Presence:
    """The heartbeat of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started_at = runtime.wall.now()
        self._written_at: datetime | None = None
        self._lacked: Mapping[str, str] = {}

    def swept(self, counts: Mapping[str, int], seconds: float) -> bool:
        """Record a sweep, at most twice a minute; returns whether it was written.

        A champion that became missing or loaded is recorded at once. While the last transaction failed, each sweep
        writes: the process is not ready until it notices that the fault has passed.
        """
        now = self._runtime.wall.now()
        missing = self._runtime.services[LiveModels].missing()
        lacks = {
            marketplace_id: f"{champion.digest[:12]}: {champion.why}" for marketplace_id, champion in missing.items()
        }
        recent = self._written_at is not None and now - self._written_at < PACE
        if recent and lacks == self._lacked and self._runtime.store.fault is None:
            return False
        what = {name: number for name, number in counts.items() if number}
        process = f"{socket.gethostname()[:80]}, process {os.getpid()}"
        seen = WorkerProcess(self._runtime.worker_id[:80], process, self._started_at, now, seconds, what, lacks)
        with self._runtime.store.write() as connection:
            workers.record_seen(connection, seen)
        self._written_at, self._lacked = now, lacks
        return True


_LEAST_FREE_BYTES: Final = 1_000_000  # About a batch of a thousand listings.


@dataclass(frozen=True, slots=True)
class NotReadyReason:
    """A reason why the process is not ready. It names no marketplace and no path: the answer is public."""

    code: str
    phrase: Phrase


def not_ready_reasons(runtime: Runtime) -> list[NotReadyReason]:
    """Every reason; empty for a process that is ready.

    It compares the champions that the database names with those in memory. Because the caller is unknown, it loads
    none and writes nothing.
    """
    try:
        with runtime.store.read(admission=True) as connection:
            champions = learning.champions(connection)
    except StorageFault as fault:
        return [NotReadyReason(fault.code, fault.phrase)]
    fault_now = _storage_fault(runtime)
    reasons = [] if fault_now is None else [NotReadyReason(fault_now.code, fault_now.phrase)]
    return reasons + [
        NotReadyReason(problem.code, problem.phrase) for problem in _missing_champions(runtime, champions)
    ]


def _storage_fault(runtime: Runtime) -> StorageFault | None:
    """Why the last transaction was not stored; on SQLite also the lack of space, because a short row may still be.

    The heartbeat of the worker is a transaction at least twice a minute, and with each sweep while the last one failed.
    """
    last = runtime.store.fault
    if last is None and is_sqlite(runtime.store.url) and shutil.disk_usage(runtime.home.root).free < _LEAST_FREE_BYTES:
        return DatabaseFull()
    return last


def _missing_champions(runtime: Runtime, champions: Mapping[str, str]) -> list[ChampionMissing]:
    live = runtime.services[LiveModels]
    missing = live.missing()
    problems = []
    for marketplace_id, digest in champions.items():
        loaded = live.loaded(marketplace_id)
        if loaded is None or loaded.digest != digest:
            known = missing.get(marketplace_id)
            missing_champion = (
                known if known and known.digest == digest else MissingChampion(digest, "It is about to be loaded.")
            )
            problems.append(ChampionMissing(missing_champion))
    return problems
