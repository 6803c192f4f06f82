"""The resources of one process. `serving.composition` makes them once and passes them to every request and job."""

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from serving.platform.clock import Clock
from serving.platform.database.engine import is_sqlite
from serving.platform.database.store import Store
from serving.platform.home import Home
from serving.platform.ids import IdSource
from serving.platform.jobs import Jobs
from serving.platform.large_counts import LargeCounts
from serving.platform.outbound.pictures import Pictures
from serving.platform.settings import Settings

Kind = TypeVar("Kind")


class ByClass:
    """One object of each class, found by its class.

    A subject asks for its own policies and services by their type. This module, which all subjects import, need not
    know them.
    """

    def __init__(self, *objects: object) -> None:
        self._objects = {type(member): member for member in objects}

    def __getitem__(self, kind: type[Kind]) -> Kind:
        """The object of exactly this class. Raises LookupError (the composition has registered none)."""
        member = self._objects.get(kind)
        if not isinstance(member, kind):
            raise LookupError(f"{kind.__name__} is not part of this runtime: register it in serving.composition.")
        return member

    def __iter__(self) -> Iterator[object]:
        """The objects, in the order in which they were registered."""
        return iter(self._objects.values())

    def __repr__(self) -> str:
        return f"ByClass({', '.join(map(repr, self))})"

    def changed(self, *objects: object) -> "ByClass":
        """The same objects, with these in place of those of the same class."""
        return ByClass(*(self._objects | {type(member): member for member in objects}).values())


@runtime_checkable
class Cache(Protocol):
    """A service that caches what it reads from the database."""

    def forget(self) -> None:
        """Drop the cache, so that the next use reads the database."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """The resources of one process. Tests use their own clock, randomness and data directory.

    `clock` is the marketplace's current time, which a simulation may move; `wall` is the real time, for sessions and
    signatures. `policies` and `services` are found by their class.
    """

    settings: Settings
    home: Home
    store: Store
    clock: Clock
    wall: Clock
    ids: IdSource
    draw: Callable[[], float]
    jobs: Jobs
    counts: LargeCounts
    pictures: Pictures
    contact_key: bytes
    policies: ByClass
    services: ByClass
    sweeping: AbstractContextManager[object] = field(default_factory=threading.RLock)

    @property
    def worker_id(self) -> str:
        """The stable name of this process as a worker. Two processes of one name would take each other's jobs, so it is
        that of the data directory where the database has several processes and no name is set."""
        if self.settings.worker_id is not None:
            return self.settings.worker_id
        return "1" if is_sqlite(self.store.url) else self.home.directory_id()

    def turn(self) -> AbstractContextManager[object]:
        """What runs in the background of a run with a seed takes turns with the sweeps, so that no speed decides."""
        return nullcontext() if self.settings.seed is None else self.sweeping

    def forget(self) -> None:
        """Drop every cache, so that the next use reads the database."""
        for service in self.services:
            if isinstance(service, Cache):
                service.forget()

    def real_delay_seconds(self, until: datetime) -> float | None:
        """Seconds until a job may run; None where that is long, or only the sweep can tell that it is due."""
        wait = until - self.clock.now()
        return None if self.clock.simulated or wait > timedelta(hours=1) else max(0.0, wait.total_seconds())

    def close(self) -> None:
        """Close the database, the job client and the picture threads."""
        self.pictures.close()
        self.jobs.close()
        self.store.close()
