"""Whether this process can do its work: a balancer sends requests only to a process that is ready."""

import shutil
from dataclasses import dataclass
from typing import Final

from features.phrase import Phrase
from serving.platform.database.engine import is_sqlite
from serving.platform.database.faults import Full, StorageFault
from serving.platform.runtime import Runtime

_LEAST_FREE_BYTES: Final = 1_000_000  # About a batch of a thousand listings.


@dataclass(frozen=True, slots=True)
class NotReady:
    """A reason why the process is not ready. It names no marketplace and no path: the answer is public."""

    code: str
    phrase: Phrase


def not_ready(runtime: Runtime) -> list[NotReady]:
    """Every reason; empty for a process that is ready.

    Nothing is written, because the caller is unknown: what counts is the last transaction, and on SQLite the space
    that is left, because a short row may still find place where a longer one does not. The heartbeat of the worker is
    a transaction at least twice a minute, and with each sweep while the last one failed.
    """
    try:
        with runtime.store.read() as connection:
            connection.exec_driver_sql("SELECT 1")
    except StorageFault as fault:
        return [NotReady(fault.code, fault.phrase)]
    last = runtime.store.fault
    if last is None and is_sqlite(runtime.store.url) and shutil.disk_usage(runtime.home.root).free < _LEAST_FREE_BYTES:
        last = Full()
    return [] if last is None else [NotReady(last.code, last.phrase)]
