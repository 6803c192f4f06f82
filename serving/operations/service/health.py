"""The health of the parts of the service: database, disk, model, clock, receiver, jobs, audit log."""

import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from serving.audit.rules.chain import Head
from serving.audit.service.signing import last_head
from serving.audit.store import audit
from serving.learning.store import learning
from serving.operations.service.presence import MISSED
from serving.operations.store import workers
from serving.operations.store.workers import WorkerProcess
from serving.platform.database.engine import database_bytes
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import ChampionMissing, LiveModels
from serving.webhooks.store import delivery_counts as deliveries
from serving.webhooks.store import endpoints
from serving.webhooks.store.endpoints import Endpoint


@dataclass(frozen=True, slots=True)
class Health:
    """The state of one marketplace's service as this process sees it.

    `champion` is the digest that the database names, `loaded` the one with which this process scores, and `missing` why
    it could not load the champion. `by_lightgbm` is whether LightGBM computes the champion's trees. `lacking` are the
    other running processes that could not load it, and why. `skew` is how far the database's clock is ahead of this
    machine's, None where it has no clock of its own. `acknowledged` is whether the receiver has ever acknowledged a
    message.
    """

    engine: str
    database_bytes: int
    free_bytes: int
    disk_bytes: int
    champion: str | None
    loaded: str | None
    missing: str | None
    by_lightgbm: bool
    now: datetime
    simulated: bool
    skew: timedelta | None
    receiver: Endpoint | None
    acknowledged: bool
    processes: tuple[WorkerProcess, ...]
    lacking: Mapping[str, str]
    entries: int
    entry_hash: str
    head: Head | None


def health_of(runtime: Runtime, connection: Connection, marketplace_id: str) -> Health:
    """Checks with an immediate answer; their duration does not grow with the data."""
    disk = shutil.disk_usage(runtime.home.root)
    live = runtime.services[LiveModels]
    bundle, missing = live.loaded(marketplace_id), live.missing().get(marketplace_id)
    sequence, entry_hash = audit.head(connection)
    processes = tuple(workers.all_processes(connection))
    return Health(
        engine="PostgreSQL" if connection.dialect.name == "postgresql" else "SQLite",
        database_bytes=database_bytes(connection),
        free_bytes=disk.free,
        disk_bytes=disk.total,
        champion=learning.champions(connection).get(marketplace_id),
        loaded=bundle.digest if bundle else None,
        missing=ChampionMissing(missing).sentence if missing else None,
        by_lightgbm=marketplace_id in live.by_lightgbm(),
        now=runtime.clock.now(),
        simulated=runtime.clock.simulated,
        skew=_clock_skew(runtime, connection),
        receiver=endpoints.endpoint_in_force(connection, marketplace_id),
        acknowledged=deliveries.has_acknowledged(connection, marketplace_id),
        processes=processes,
        lacking=_processes_lacking(runtime, processes, marketplace_id),
        entries=sequence,
        entry_hash=entry_hash,
        head=last_head(runtime),
    )


def _processes_lacking(runtime: Runtime, processes: Iterable[WorkerProcess], marketplace_id: str) -> dict[str, str]:
    now = runtime.wall.now()
    return {
        process.process: process.lacks[marketplace_id]
        for process in processes
        if marketplace_id in process.lacks
        and process.worker_id != runtime.worker_id
        and now - process.seen_at <= MISSED
    }


def _clock_skew(runtime: Runtime, connection: Connection) -> timedelta | None:
    if connection.dialect.name != "postgresql":
        return None
    there: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return there - runtime.wall.now()
