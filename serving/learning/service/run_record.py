"""The MLflow run of a training: its name, and its end where the training could not record it itself."""

from typing import Final

import structlog

from models.errors import DomainError
from serving.learning.service.publish import registry_arguments
from serving.learning.service.training_child import JOB, TrainingFailed, run_child
from serving.learning.store.learning import Job
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime

_log = structlog.get_logger()
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


def close_run(runtime: Runtime, job: Job, why: DomainError) -> None:
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
        _log.warning("training.not_recorded", job_id=job.job_id, why=not_recorded.sentence)
