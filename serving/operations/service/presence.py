"""Heartbeats of job processes, so that a page can show which process runs and when it last swept."""

import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from serving.operations.store import workers
from serving.operations.store.workers import WorkerProcess
from serving.platform.runtime import Runtime

# A running process was seen at most a minute ago; two writes a minute cost little.
PACE: Final = timedelta(seconds=30)
MISSED: Final = timedelta(minutes=2)


class Presence:
    """The heartbeat of one process."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._started_at = runtime.wall.now()
        self._written_at: datetime | None = None

    def swept(self, found: Mapping[str, int], seconds: float) -> bool:
        """Record a sweep, at most twice a minute; returns whether it was written."""
        now = self._runtime.wall.now()
        if self._written_at is not None and now - self._written_at < PACE:
            return False
        what = {name: number for name, number in found.items() if number}
        process = f"{socket.gethostname()[:80]}, process {os.getpid()}"
        seen = WorkerProcess(self._runtime.settings.worker_id[:80], process, self._started_at, now, seconds, what)
        with self._runtime.store.write() as connection:
            workers.seen(connection, seen)
        self._written_at = now
        return True
