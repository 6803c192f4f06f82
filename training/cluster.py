"""A Dask cluster that computes parts of a work: some are under way at a time, and one whose worker ends begins again.

A cluster runs what it is sent, so it is trusted as this machine is (ADR 59).
"""

import logging
import pickle
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from models.errors import install_line
from training.cluster_worker import PartOutcome, Work, compute_part, process_versions, release_run

if TYPE_CHECKING:
    from distributed import Client, Future

_AHEAD: Final = 2  # Parts under way for each worker process: one waits, so that the process need not.
_CONNECT_SECONDS: Final = 15
_WAIT_SECONDS: Final = 5
_WAITS_WITHOUT_WORKERS: Final = 12
_CLOSE_SECONDS: Final = 2
_SHOWN: Final = 3
_THIS_MACHINE: Final = ("127.0.0.1", "::1", "localhost")
_MOST_CHARACTERS: Final = 300
_LOGGERS: Final = ("distributed", "distributed.client")
_LOST: Final = "scheduler-connection-lost"  # The reason of futures that end with the connection.
_INSTALL: Final = f"Run {install_line('dask')} there, with the wheel of this machine"


class ClusterFailed(ValueError):
    """The cluster cannot be used, or no longer. The message says why, and what to do."""


class _PartInProgress(NamedTuple):
    """A part that is under way: the cluster forgets a part whose future is forgotten."""

    future: "Future[Any]"
    done: Callable[[bytes], None]


@dataclass(slots=True)
class Cluster:
    """Workers that compute the parts of one work. `then` says what to do after a failure."""

    address: str
    then: str
    client: "Client"
    _work: "Future[Any]"
    _under_way: dict[str, _PartInProgress] = field(default_factory=dict)
    _ended: "SimpleQueue[Future[Any]]" = field(default_factory=SimpleQueue)
    _begun: int = 0

    @property
    def most_under_way(self) -> int:
        """How many parts may be under way."""
        return _AHEAD * max(len(self._workers()), 1)

    def begin(self, part: object, done: Callable[[bytes], None]) -> None:
        """Begin a part as soon as there is room for it; a later call of a method passes its result to `done`.

        Raises ClusterFailed (the cluster is lost, has had no worker for a minute, or a part failed).
        """
        while len(self._under_way) >= self.most_under_way:
            self.wait()
        sent = pickle.dumps(part, pickle.HIGHEST_PROTOCOL)
        name = f"{self._work.key}-{self._begun}"
        self._begun += 1
        future = self.client.submit(compute_part, self.client.id, self._work, sent, key=name)
        self._under_way[name] = _PartInProgress(future, done)
        future.add_done_callback(self._ended.put)

    def wait(self) -> None:
        """Wait until a part is done, and pass on its result. Raises as `begin`."""
        future = self._next_ended()
        self._under_way.pop(str(future.key)).done(self._result_of(future))

    def wait_for_all(self) -> None:
        """Pass on the results of all parts. Raises as `begin`."""
        while self._under_way:
            self.wait()

    def _next_ended(self) -> "Future[Any]":
        waits = 0
        while True:
            with suppress(Empty):
                return self._ended.get(timeout=_WAIT_SECONDS)
            waits = self._waited(waits)

    def _waited(self, waits: int) -> int:
        """How many waits in a row have now found no worker; a cluster that has had none for a minute is lost."""
        waits = 0 if self._workers() else waits + 1
        if waits >= _WAITS_WITHOUT_WORKERS:
            raise ClusterFailed(f"The cluster at {self.address} has no worker left. {self.then}")
        return waits

    def _result_of(self, future: "Future[Any]") -> bytes:
        ended, waits = None, 0
        while ended is None:
            try:
                ended = future.result(timeout=_WAIT_SECONDS)
            except TimeoutError:  # The worker that had it is gone, and another computes it again.
                waits = self._waited(waits)
            except Exception as error:  # Also of the function's import, where a worker has none.
                raise self._failed(error) from None
        if not isinstance(ended, PartOutcome) or ended.content is None:
            problem = ended.problem if isinstance(ended, PartOutcome) else "no result"
            raise ClusterFailed(
                f"A worker of the cluster at {self.address} failed ({_error_words(problem)}). {self.then}"
            )
        return ended.content

    def _workers(self) -> Mapping[str, int]:
        try:
            threads_by_worker: Mapping[str, int] = self.client.nthreads()
        except Exception as error:  # The end of a connection has many kinds.
            raise self._failed(error) from None
        return threads_by_worker

    def _failed(self, error: Exception) -> ClusterFailed:
        if isinstance(error, OSError) or getattr(error, "reason", "") == _LOST:
            return ClusterFailed(f"The connection to the cluster at {self.address} was lost. {self.then}")
        return ClusterFailed(f"The cluster at {self.address} failed ({_error_words(error)}). {self.then}")


@contextmanager
def cluster_at(address: str, work: Work, *, then: str) -> Iterator[Cluster]:
    """The cluster of a scheduler, whose workers have been asked for their versions.

    Raises ClusterFailed (there is none, it is on another machine and has no TLS, it has no worker, or a worker would
    compute something else than this machine).
    """
    refuse_unencrypted(address)
    try:
        from distributed import Client  # noqa: PLC0415  # an extra
    except ModuleNotFoundError:
        raise ClusterFailed(f"--dask needs Dask on this machine: {install_line('dask')}.") from None
    import dask  # noqa: PLC0415  # an extra

    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)  # What matters becomes an error here.
    with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 GB"}):
        try:
            client = Client(address, timeout=_CONNECT_SECONDS, set_as_default=False)
        except Exception as error:  # Bad addresses, silent hosts and missing certificates have many kinds.
            raise ClusterFailed(f"There is no Dask scheduler at {address} ({_error_words(error)}).") from None
        try:
            own_versions = process_versions()
            refuse_other_versions(client, address, own_versions)
            pickled_work = pickle.dumps((own_versions, pickle.dumps(work)))
            yield Cluster(address, then, client, client.submit(bytes, pickled_work, key=f"touchstone-{client.id}"))
            with suppress(Exception):  # All is done, whatever happens to the cluster.
                client.run(release_run, client.id)
        finally:
            client.close(timeout=_CLOSE_SECONDS)


def refuse_unencrypted(address: str) -> None:
    """Refuse a cluster on another machine without TLS: it runs what anybody on the way sends.

    Raises ClusterFailed (it is such a cluster).
    """
    scheme, _, place = address.rpartition("://")
    host = None
    with suppress(ValueError):
        host = urlsplit(f"//{place}").hostname
    if scheme != "tls" and host not in _THIS_MACHINE:
        raise ClusterFailed(f"A cluster on another machine needs TLS, and {address} has none (docs/files.md).")


def refuse_other_versions(client: "Client", address: str, own_versions: Mapping[str, str]) -> None:
    """Refuse a cluster without workers, and one whose processes have other versions than these, or no Touchstone.

    Raises ClusterFailed (it is such a cluster).
    """
    try:
        client.run_on_scheduler(process_versions)
    except Exception as error:  # As it comes from there.
        raise ClusterFailed(
            f"The scheduler at {address} has no Touchstone ({_error_words(error)}). {_INSTALL}."
        ) from None
    worker_versions: Mapping[str, Any] = client.run(process_versions, on_error="return")
    if not worker_versions:
        raise ClusterFailed(f"The cluster at {address} has no workers. Start some: dask worker {address}")
    problems = [
        f"{worker} has {differs}"
        for worker, there in worker_versions.items()
        if (differs := _version_difference(there, own_versions))
    ]
    if problems:
        shown = "; ".join(problems[:_SHOWN])
        raise ClusterFailed(f"{len(problems)} of {len(worker_versions)} workers cannot take part: {shown}. {_INSTALL}.")


def _version_difference(there: object, own_versions: Mapping[str, str]) -> str | None:
    if not isinstance(there, Mapping):
        return f"no Touchstone ({_error_words(there)})"
    differs = [
        f"{name} {there.get(name)} instead of {version}"
        for name, version in own_versions.items()
        if there.get(name) != version
    ]
    return ", ".join(differs[:_SHOWN]) or None


def _error_words(error: object) -> str:
    text = " ".join(str(getattr(error, "msg", error)).split())
    return text[:_MOST_CHARACTERS].rstrip(".") or type(error).__name__
