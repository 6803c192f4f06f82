"""MLflow: the publication of a model, tried until it works, and the run of a training that could not record it.

Snapshots as files of the data directory, and in the store that processes share.
"""

import hashlib
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from sqlalchemy import Connection

from models.errors import DomainError
from serving.learning.service.training_child import JOB, PUBLICATION, RELOCATION, TrainingFailed, run_child
from serving.learning.store import learning
from serving.learning.store.learning import Job, Promotion
from serving.marketplaces.store import marketplaces
from serving.platform import jobs
from serving.platform.artifacts.rules import Kind
from serving.platform.artifacts.service import SharedFiles
from serving.platform.children import interpreter_command, without_secrets
from serving.platform.home import Home
from serving.platform.logs import log
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from serving.scoring.service.bundles import BundleStore

_AGAIN_SECONDS: Final = 300.0
_MOVE_SECONDS: Final = 60.0  # It takes less than one; a locked database must not stop a start.
_MOST_ATTEMPTS: Final = 288  # A day; a person then calls `touchstone model publish`.


def registry_arguments(runtime: Runtime, marketplace_id: str) -> list[str]:
    """The arguments with MLflow's address and the name under which this marketplace's models are registered."""
    return ["--model-name", f"touchstone-{marketplace_id}", *_registry_location(runtime.settings, runtime.home)]


def offline_registry(settings: Settings, home: Home) -> list[str]:
    """The arguments for models of no marketplace."""
    return ["--model-name", "touchstone-offline", *_registry_location(settings, home)]


def _registry_location(settings: Settings, home: Home) -> list[str]:
    if settings.mlflow_tracking_uri is not None:
        return ["--tracking-uri", settings.mlflow_tracking_uri]
    folder = home.mlflow
    return ["--tracking-uri", f"sqlite:///{folder / 'mlflow.db'}", "--artifacts", str(folder / "artifacts")]


def tracking_server(settings: Settings) -> str | None:
    """The address of the MLflow server without its password; None where the runs are in a database."""
    uri = settings.mlflow_tracking_uri
    if uri is None or not uri.startswith("http"):
        return None
    parts = urlsplit(uri)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))


def mlflow_server(settings: Settings, home: Home, port: int) -> tuple[list[str], dict[str, str]]:
    """Command and environment of an MLflow server on loopback that reports to nobody; no argument has a password."""
    artifacts = ["--no-serve-artifacts", "--default-artifact-root", str(home.mlflow / "artifacts")]
    where = ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    return [*interpreter_command(), "-m", "mlflow", "server", *where, *artifacts], {
        **without_secrets(),
        "MLFLOW_BACKEND_STORE_URI": settings.mlflow_tracking_uri or f"sqlite:///{home.mlflow / 'mlflow.db'}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }


def relocate_registry(settings: Settings, home: Home) -> None:
    """Have MLflow's database of a moved or copied data directory name this directory; a server stays as it is."""
    if settings.mlflow_tracking_uri is not None or not any(home.mlflow.iterdir()):
        return
    arguments = offline_registry(settings, home)
    try:
        run_child(RELOCATION, arguments, cache=home.cache, timeout_seconds=_MOVE_SECONDS, progress=lambda _line: None)
    except TrainingFailed as refused:  # Each training tries again before it logs anything.
        log.warning("registry.not_relocated", why=refused.sentence)


def publish(runtime: Runtime, marketplace_id: str, digest: str) -> str:
    """Register a model that MLflow lacks, and set the alias if the model is the champion; returns the version.

    Raises TrainingFailed (MLflow is down, or this process has neither the registered version nor the bundle).
    """
    with runtime.store.read() as connection:
        model = learning.get_model(connection, marketplace_id, digest)
        promotions = learning.promotions(connection, marketplace_id)
        is_newest = learning.models(connection, marketplace_id, 1)[0].digest == model.digest
    is_champion = bool(promotions) and promotions[0].digest == model.digest
    never_promoted = all(promotion.digest != model.digest for promotion in promotions)
    if model.mlflow_version is not None and not is_champion:
        return model.mlflow_version
    done = run_child(
        PUBLICATION,
        [
            *("--digest", model.digest, "--job-id", model.job_id),
            *("--bundle", str(runtime.services[BundleStore].fetched(model.digest))),
            *(["--challenger"] if is_newest and never_promoted else []),
            *(["--champion", "--promoted", *_promotion_note(promotions[0])] if is_champion else []),
            *registry_arguments(runtime, marketplace_id),
        ],
        cache=runtime.home.cache,
        timeout_seconds=runtime.settings.training_timeout_seconds,
        progress=lambda _line: None,
    )
    run_id, version = str(done["run_id"]), str(done["version"])
    with runtime.store.write() as connection:
        learning.track_model(connection, marketplace_id, model.digest, run_id, version)
    return version


def _promotion_note(promotion: Promotion) -> list[str]:
    """Who promoted, why and when; an option's text must not look like an option."""
    return [promotion.promoted_by, promotion.note.lstrip("-") or promotion.kind, promotion.promoted_at.isoformat()]


def publish_or_later(runtime: Runtime, marketplace_id: str, digest: str, *, job_id: str) -> str:
    """Publish, or leave a successor of the job for later; returns the version, or why there is none yet.

    Raises TrainingFailed (a day has passed; the job is then shown as failed).
    """
    try:
        return publish(runtime, marketplace_id, digest)
    except TrainingFailed as refused:
        if jobs.attempt_number(job_id) >= _MOST_ATTEMPTS:
            raise
        log.warning("model.not_published", marketplace_id=marketplace_id, digest=digest, why=refused.sentence)
        with runtime.store.write() as connection:
            publish_later(runtime, connection, marketplace_id, digest, job_id=jobs.successor_id(job_id))
        return refused.sentence


def publish_later(runtime: Runtime, connection: Connection, marketplace_id: str, digest: str, *, job_id: str) -> None:
    """Leave a job that publishes in a few minutes."""
    runtime.jobs.enqueue(
        connection, jobs.PUBLISH, jobs.TRAINING, job_id, marketplace_id, digest, delay_seconds=_AGAIN_SECONDS
    )


_REQUESTED: Final = "requested"
_LONGEST_REASON: Final = 500
# An import of MLflow, and the limit of its requests (`training.registry.tracking.LIMIT_SECONDS`).
_TIMEOUT_SECONDS: Final = 60.0


def run_arguments(runtime: Runtime, job: Job) -> list[str]:
    """The arguments with the job, a name for people (marketplace, day, cause) and the cause."""
    with runtime.store.read() as connection:
        place = marketplaces.get(connection, job.marketplace_id)
    cause = job.cause["cause"] if job.cause else _REQUESTED
    name = f"{place.name} {job.created_at:%Y-%m-%d} {cause}"
    return ["--job-id", job.job_id, f"--run-name={name}", "--cause", cause]


def record_failed_run(runtime: Runtime, job: Job, why: DomainError) -> None:
    """Record a training that was refused before its child began, or whose child ended without a word.

    It is tried once: the job itself has the reason.
    """
    state = "failed" if isinstance(why, TrainingFailed) else "refused"
    arguments = ["close", "--state", state, f"--reason={why.sentence[:_LONGEST_REASON]}"]
    try:
        run_child(
            JOB,
            [*arguments, *run_arguments(runtime, job), *registry_arguments(runtime, job.marketplace_id)],
            cache=runtime.home.cache,
            timeout_seconds=_TIMEOUT_SECONDS,
            progress=lambda _line: None,
        )
    except TrainingFailed as not_recorded:
        log.warning("training.not_recorded", job_id=job.job_id, why=not_recorded.sentence)


class SnapshotFiles:
    """The snapshots of an installation, a file per digest; one that another process wrote is fetched at first use.

    `shared` is None where one process owns all there is.
    """

    def __init__(self, folder: Path, shared: SharedFiles | None = None) -> None:
        self.folder, self._shared = folder, shared

    def share(self, digest: str) -> None:
        """Give a snapshot of the data directory to the other processes.

        Raises Unavailable (the shared store is out of reach).
        """
        if self._shared is not None and not self._shared.has(Kind.SNAPSHOT, digest):
            self._shared.save(Kind.SNAPSHOT, digest, self._path(digest).read_bytes())

    def path(self, digest: str) -> Path:
        """The file of a snapshot, which is there if the data directory or the shared store has the snapshot.

        Content that is not of the digest is not fetched.

        Raises Unavailable (the shared store is out of reach).
        """
        path = self._path(digest)
        if path.exists() or self._shared is None:
            return path
        content = self._shared.get(Kind.SNAPSHOT, digest)
        if content is not None and hashlib.sha256(content).hexdigest() == digest:
            temporary = path.with_suffix(".fetched")
            temporary.write_bytes(content)
            temporary.replace(path)
        return path

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.parquet"
