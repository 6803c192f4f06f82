"""Heartbeats of job processes, so that a page can show which process runs and when it last swept."""

import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from serving.operations.store import workers
from serving.operations.store.workers import WorkerProcess
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import LiveModels

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

    def swept(self, found: Mapping[str, int], seconds: float) -> bool:
        """Record a sweep, at most twice a minute; returns whether it was written.

        A champion that became missing or loaded is recorded at once. While the last transaction failed, each sweep
        writes: the process is not ready until it notices that the fault has passed.
        """
        now = self._runtime.wall.now()
        missing = self._runtime.services[LiveModels].missing()
        lacks = {marketplace_id: f"{one.digest[:12]}: {one.why}" for marketplace_id, one in missing.items()}
        recent = self._written_at is not None and now - self._written_at < PACE
        if recent and lacks == self._lacked and self._runtime.store.fault is None:
            return False
        what = {name: number for name, number in found.items() if number}
        process = f"{socket.gethostname()[:80]}, process {os.getpid()}"
        seen = WorkerProcess(self._runtime.worker_id[:80], process, self._started_at, now, seconds, what, lacks)
        with self._runtime.store.write() as connection:
            workers.seen(connection, seen)
        self._written_at, self._lacked = now, lacks
        return True
