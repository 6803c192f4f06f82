"""Tracking of a bundle in MLflow within a time limit. The bundle is on disk before, so it never depends on a server."""

import json
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit

from training.bundle_folder import ABOUT
from training.registry import tuning_runs
from training.registry.record import Record, UnknownRun, bundle_of, find_record
from training.registry.run_facts import RunState
from training.registry.runs import (
    RegisteredVersion,
    Run,
    Start,
    begin_run,
    close_run,
    connect,
    log_run,
    point_champion,
    registered_version,
)
from training.runs.model_card import model_card

if TYPE_CHECKING:
    from mlflow import MlflowClient

T = TypeVar("T")
# Logging a run takes 2 to 6 s on a server of the same network.
LIMIT_SECONDS: Final = 20.0
# A training without its run at the start has one at its end, so it does not wait for a server that is down.
START_LIMIT_SECONDS: Final = 8.0
_LOCAL: Final = frozenset({"", "file", "sqlite"})
_PASSWORD: Final = re.compile(r"(?<=://)[^@/\s]*@")
_LONGEST: Final = 200


class TrackingFailed(Exception):
    """MLflow did not take the run; the message is a sentence without passwords."""


@dataclass(frozen=True, slots=True)
class Registry:
    """Where models are tracked, and the name under which they are registered."""

    tracking_uri: str
    artifacts: Path | None
    model_name: str


@dataclass(frozen=True, slots=True)
class TrainedBundle:
    """A bundle on disk, with the job that made it and its report."""

    job_id: str
    digest: str
    folder: Path
    report: Mapping[str, Any]

    @classmethod
    def at(cls, folder: Path, digest: str, job_id: str) -> "TrainedBundle":
        """A bundle whose report lies beside it."""
        return cls(job_id, digest, folder, json.loads((folder / ABOUT).read_bytes())["report"])

    @property
    def start(self) -> Start:
        """The start of its run, for a server that was down then."""
        run = self.report.get("run", {})
        name = run.get("name") or self.digest[:12]
        return Start(self.job_id, name, run.get("cause", ""), str(self.report["snapshot"]), run.get("parameters", {}))


def start_run(registry: Registry, start: Start) -> bool:
    """Begin the run of a training; False where MLflow did not take it."""
    try:
        _with_time_limit(registry, lambda client: begin_run(client, start), START_LIMIT_SECONDS)
    except TrackingFailed:
        return False
    return True


def end_run(registry: Registry, start: Start, state: RunState, reason: str) -> str:
    """End the run of a training that was refused or failed; returns its id. Raises NotTracked (as for `track`)."""
    return _with_time_limit(registry, lambda client: close_run(client, start, state, reason))


def track(registry: Registry, trained: TrainedBundle, *, challenger: bool = True) -> RegisteredVersion:
    """Log a run and register its bundle, the newest as the challenger; what an earlier attempt has done is found.

    Raises NotTracked (the server is down, failed, or did not answer in time).
    """
    from training.plots import draw_plots  # noqa: PLC0415  # matplotlib takes a second, and most publications draw nothing

    with tempfile.TemporaryDirectory(prefix="touchstone-run-") as temporary:
        # Before the limit, because none of it needs the server.
        card = Path(temporary) / "model_card.md"
        card.write_text(model_card(trained.report, trained.digest), encoding="utf-8")
        files = (card, *draw_plots(trained.report, Path(temporary)))
        run = Run(trained.start, trained.digest, registry.model_name, trained.report, trained.folder, files, challenger)
        return _with_time_limit(registry, lambda client: log_run(client, run))


def publish(
    registry: Registry,
    trained: Callable[[], TrainedBundle],
    digest: str,
    *,
    champion: bool,
    challenger: bool = False,
    promotion: Mapping[str, str],
) -> RegisteredVersion:
    """Register a bundle if it is not, and point the alias `champion` at it if it is in force.

    Unless it is the `challenger`, the newest model and never in force, it does not get that alias.

    Raises NotTracked (as for `track`).
    """
    known = _with_time_limit(registry, lambda client: registered_version(client, registry.model_name, digest))
    registration = known or track(registry, trained(), challenger=challenger)
    if champion:
        _with_time_limit(registry, lambda client: point_champion(client, registry.model_name, registration, promotion))
    return registration


def record_in(registry: Registry, name: str) -> Record:
    """The record of a run, by its id or by the digest of its bundle.

    Raises UnknownRun (MLflow has no such run) or NotTracked (as for `track`).
    """
    return _with_time_limit(registry, lambda client: find_record(client, name))


def bundle_in(registry: Registry, run_id: str, folder: Path) -> dict[str, bytes]:
    """The files of the bundle that a run logged, downloaded into a folder.

    Raises UnknownRun (the run has no bundle) or NotTracked (as for `track`).
    """
    return _with_time_limit(registry, lambda client: bundle_of(client, run_id, folder))


@dataclass(slots=True)
class TuningRun:
    """The runs of a tuning in MLflow. After a first failure nothing more is sent, and `not_tracked` says why."""

    registry: Registry
    run_id: str | None = None
    not_tracked: str | None = None

    def begin(self, name: str, parameters: Mapping[str, Any]) -> None:
        self.run_id = self._sent(
            lambda client: tuning_runs.begin_run(client, self.registry.artifacts, name, parameters)
        )

    def trial(
        self, name: str, settings: Mapping[str, float], folds: tuple[float, ...], average_precision: float | None
    ) -> None:
        """Log a child run."""
        if (parent := self.run_id) is not None:
            self._sent(
                lambda client: tuning_runs.log_trial(
                    client, parent, name, settings=settings, after_each_fold=folds, average_precision=average_precision
                )
            )

    def end(self, summary: Mapping[str, Any], *, finished: bool) -> None:
        if (parent := self.run_id) is not None:
            self._sent(lambda client: tuning_runs.end_run(client, parent, summary, finished=finished))

    def _sent(self, work: "Callable[[MlflowClient], T]") -> T | None:
        if self.not_tracked is not None:
            return None
        try:
            return _with_time_limit(self.registry, work)
        except TrackingFailed as why:
            self.not_tracked = str(why)
            return None


def _with_time_limit(registry: Registry, work: "Callable[[MlflowClient], T]", seconds: float | None = None) -> T:
    """The result of work that needs the server; after the limit its thread is left behind, and ends with the process.

    A local database answers or fails at once, so it has no limit.
    """
    parts = urlsplit(registry.tracking_uri)
    is_local = parts.scheme in _LOCAL
    port = "" if parts.port is None else f":{parts.port}"
    where = "in its local database" if is_local else f"at {parts.hostname}{port}"
    done: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            done.append(work(connect(registry.tracking_uri, registry.artifacts)))
        except Exception as error:  # Whatever the library raises must not cost the bundle.
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    limit = LIMIT_SECONDS if seconds is None else seconds
    thread.join(None if is_local else limit)
    if done:
        return done[0]
    if failed and isinstance(failed[0], UnknownRun):
        raise failed[0]
    if failed:
        raise TrackingFailed(f"MLflow {where} failed: {_error_sentence(failed[0])}") from failed[0]
    raise TrackingFailed(f"MLflow {where} did not answer within {limit:g} seconds.")


def _error_sentence(error: Exception) -> str:
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return f"{_PASSWORD.sub('', first)[:_LONGEST].rstrip('.')}."
