"""Where passwords are hashed: a few threads of their own, and a short queue before them.

A hash takes 19 MiB and tens of milliseconds on purpose, so a flood of sign-ins would otherwise take the threads and the
processors of everybody else.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from features.phrase import Phrase
from models.errors import DomainError

T = TypeVar("T")

AT_ONCE: Final = 2
# Each waits in a thread of the pool that pages share, which has forty.
MOST_WAITING: Final = 6
_NICENESS: Final = 10


class HashingBusy(DomainError):
    """Too many passwords are being checked; `retry_after_seconds` says when to try again."""

    code = "busy"
    retry_after_seconds: int = 2

    def __init__(self) -> None:
        super().__init__(Phrase("Too many people are signing in at this moment. Try again in a few seconds."))


def _lower_priority() -> None:
    """Let the scheduler prefer every other thread. Linux has a niceness for each thread; elsewhere nothing changes."""
    if os.uname().sysname == "Linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


_POOL: Final = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="hashing", initializer=_lower_priority)
_ADMITTED: Final = threading.BoundedSemaphore(AT_ONCE + MOST_WAITING)


def run_hashing(work: Callable[[], T]) -> T:
    """What the work returns, done in the threads for hashing.

    Raises Busy (too many others wait already; nothing was done).
    """
    if not _ADMITTED.acquire(blocking=False):
        raise HashingBusy
    try:
        return _POOL.submit(work).result()
    finally:
        _ADMITTED.release()
