"""Threads that do due work in the background: one looks at which marketplaces it is due, others do it."""

import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from serving.platform.database.faults import StorageFault
from serving.platform.logs import log
from serving.platform.runtime import Runtime

# At so many marketplaces the servers can hang before others wait.
_MOST_ROUNDS: Final = 8
# Then a marketplace lets those have their turn that wait for one.
_ROUND_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class DueWork:
    """One kind of due work. `where` tells the marketplaces; `run` works at one of them until nothing is due.

    `run` begins nothing more once the function that it gets returns True.
    """

    name: str
    every_seconds: float
    where: Callable[[Runtime], Collection[str]]
    run: Callable[[Runtime, str, Callable[[], bool]], object]


class Rounds:
    """Does due work until stopped; at one marketplace one round runs at a time.

    The rows are the only state: any number of processes do this on one database, and each row is claimed by one of
    them.
    """

    def __init__(self, runtime: Runtime, work: DueWork) -> None:
        self._runtime, self._work = runtime, work
        self._stop = threading.Event()
        self._looking = threading.Thread(target=self._look_until_stopped, name=work.name, daemon=True)
        self._pool = ThreadPoolExecutor(_MOST_ROUNDS, thread_name_prefix=work.name)
        self._running: dict[str, Future[None]] = {}

    def start(self) -> None:
        self._looking.start()

    def stop(self) -> None:
        """Begin nothing more, and wait for what is under way."""
        self._stop.set()
        self._looking.join()
        self._pool.shutdown()

    def _look_until_stopped(self) -> None:
        while not self._stop.wait(self._work.every_seconds):
            try:
                for marketplace_id in self._work.where(self._runtime):
                    if marketplace_id not in self._running or self._running[marketplace_id].done():
                        self._running[marketplace_id] = self._pool.submit(self._round, marketplace_id)
            except StorageFault as fault:
                log.warning(f"{self._work.name}.not_read", code=fault.code)
            except Exception:
                log.exception(f"{self._work.name}.not_looked")

    def _others_wait(self) -> bool:
        return any(not (turn.running() or turn.done()) for turn in list(self._running.values()))

    def _round(self, marketplace_id: str) -> None:
        began = time.monotonic()

        def is_over() -> bool:
            return self._stop.is_set() or (time.monotonic() - began > _ROUND_SECONDS and self._others_wait())

        try:
            with self._runtime.turn():
                self._work.run(self._runtime, marketplace_id, is_over)
        except StorageFault as fault:
            log.warning(f"{self._work.name}.not_stored", code=fault.code, marketplace_id=marketplace_id)
        except Exception:
            log.exception(f"{self._work.name}.failed", marketplace_id=marketplace_id)
