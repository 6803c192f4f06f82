"""Processor time of an operation: of this process, and of the database server that works for it."""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

_PROC: Final = Path("/proc")
_TICKS: Final = os.sysconf("SC_CLK_TCK")


class Processors:
    """The processor seconds that this process and a PostgreSQL server on this machine have used so far."""

    def __init__(self, engine: Engine) -> None:
        self._server: int | None = None
        if engine.dialect.name == "postgresql":
            with engine.connect() as connection:
                backend = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            self._server = int(_fields(_PROC / str(backend))[1])

    def seconds(self) -> float:
        """The sum so far; that of the server has steps of a hundredth of a second."""
        return time.process_time() + self._server_seconds()

    def of(self, work: Callable[[], object]) -> float:
        """The processor seconds of some work."""
        begun = self.seconds()
        work()
        return self.seconds() - begun

    def apart(self, work: Callable[[], object]) -> tuple[float, float]:
        """The processor seconds of some work in this process, and those in the server."""
        own, server = time.process_time(), self._server_seconds()
        work()
        return time.process_time() - own, self._server_seconds() - server

    def _server_seconds(self) -> float:
        if self._server is None:
            return 0.0
        ended = _fields(_PROC / str(self._server))
        ticks = sum(int(field) for field in ended[11:15])  # Its own, and those of its processes that have ended.
        for folder in _PROC.iterdir():
            if folder.name.isdigit():
                try:
                    fields = _fields(folder)
                except (FileNotFoundError, ProcessLookupError):
                    continue  # It ended meanwhile.
                if int(fields[1]) == self._server:
                    ticks += int(fields[11]) + int(fields[12])
        return ticks / _TICKS


def _fields(folder: Path) -> list[str]:
    """What proc(5) says of a process, from its state on; its name may contain blanks."""
    return (folder / "stat").read_text().rpartition(")")[2].split()
