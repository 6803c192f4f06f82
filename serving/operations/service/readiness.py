"""Whether this process can do its work: a balancer sends requests only to a process that is ready."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from features.phrase import Phrase
from serving.learning.store import learning
from serving.platform.database.engine import is_sqlite
from serving.platform.database.faults import Full, StorageFault
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import ChampionMissing, LiveModels, MissingChampion

_LEAST_FREE_BYTES: Final = 1_000_000  # About a batch of a thousand listings.


@dataclass(frozen=True, slots=True)
class NotReady:
    """A reason why the process is not ready. It names no marketplace and no path: the answer is public."""

    code: str
    phrase: Phrase


def not_ready(runtime: Runtime) -> list[NotReady]:
    """Every reason; empty for a process that is ready.

    It compares the champions that the database names with those in memory. Because the caller is unknown, it loads
    none and writes nothing.
    """
    try:
        with runtime.store.read(admission=True) as connection:
            champions = learning.champions(connection)
    except StorageFault as fault:
        return [NotReady(fault.code, fault.phrase)]
    fault_now = _fault(runtime)
    found = [] if fault_now is None else [NotReady(fault_now.code, fault_now.phrase)]
    return found + [NotReady(one.code, one.phrase) for one in _missing(runtime, champions)]


def _fault(runtime: Runtime) -> StorageFault | None:
    """Why the last transaction was not stored; on SQLite also the lack of space, because a short row may still be.

    The heartbeat of the worker is a transaction at least twice a minute, and with each sweep while the last one failed.
    """
    last = runtime.store.fault
    if last is None and is_sqlite(runtime.store.url) and shutil.disk_usage(runtime.home.root).free < _LEAST_FREE_BYTES:
        return Full()
    return last


def _missing(runtime: Runtime, champions: Mapping[str, str]) -> list[ChampionMissing]:
    live = runtime.services[LiveModels]
    missing = live.missing()
    found = []
    for marketplace_id, digest in champions.items():
        loaded = live.loaded(marketplace_id)
        if loaded is None or loaded.digest != digest:
            known = missing.get(marketplace_id)
            one = known if known and known.digest == digest else MissingChampion(digest, "It is about to be loaded.")
            found.append(ChampionMissing(one))
    return found
