"""The threads that deliver in the background: one looks which marketplaces have due messages, others send them."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

import structlog

from serving.delivery.service import letters
from serving.delivery.service.delivery import deliver_due
from serving.platform.database.faults import StorageFault
from serving.platform.runtime import Runtime
from serving.webhooks.store import endpoints

_log = structlog.get_logger()

# So many receivers can hang before others wait, and ten failures pause a receiver.
_MOST_ROUNDS: Final = 8
# Then a marketplace lets those have their turn that wait for one.
_ROUND_SECONDS: Final = 5.0


def waiting(runtime: Runtime) -> list[str]:
    """The marketplaces that a message may be sent to now, a test message too; with a pause only after it."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        found = {*letters.waiting(connection, now), *endpoints.unverified(connection)}
        resting = endpoints.resting(connection) if found else {}
    return sorted(one for one in found if resting.get(one, now) <= now)


class Rounds:
    """Delivers due messages until stopped; of one marketplace one round runs at a time.

    The rows of the messages are the only state: any number of processes do this on one database, and each message is
    claimed by one of them.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._stop = threading.Event()
        self._looking = threading.Thread(target=self._look_until_stopped, name="deliveries", daemon=True)
        self._pool = ThreadPoolExecutor(_MOST_ROUNDS, thread_name_prefix="delivery")
        self._running: dict[str, Future[None]] = {}

    def start(self) -> None:
        """Start to look for due messages; first for those that an earlier process of this name had under way."""
        with self._runtime.store.write() as connection:
            letters.release(connection, self._runtime.worker_id, self._runtime.clock.now())
        self._looking.start()

    def stop(self) -> None:
        """Begin no further attempt, and wait for the answers to the others."""
        self._stop.set()
        self._looking.join()
        self._pool.shutdown()

    def _look_until_stopped(self) -> None:
        while not self._stop.wait(self._runtime.settings.queue_poll_seconds):
            try:
                for one in waiting(self._runtime):
                    if one not in self._running or self._running[one].done():
                        self._running[one] = self._pool.submit(self._deliver, one)
            except StorageFault as fault:
                _log.warning("delivery.not_read", code=fault.code)
            except Exception:
                _log.exception("delivery.not_looked")

    def _others_wait(self) -> bool:
        return any(not (one.running() or one.done()) for one in list(self._running.values()))

    def _deliver(self, marketplace_id: str) -> None:
        began = time.monotonic()

        def is_over() -> bool:
            return self._stop.is_set() or (time.monotonic() - began > _ROUND_SECONDS and self._others_wait())

        try:
            with self._runtime.turn():
                deliver_due(self._runtime, marketplace_id, is_stopped=is_over)
        except StorageFault as fault:
            _log.warning("delivery.not_stored", code=fault.code, marketplace_id=marketplace_id)
        except Exception:
            _log.exception("delivery.failed", marketplace_id=marketplace_id)
