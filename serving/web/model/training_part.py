"""The state of the last retraining. The page polls it while it runs, and reloads once it has ended."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection

from serving.accounts.store import accounts
from serving.learning.store import learning
from serving.learning.store.learning import Job
from serving.learning.store.retraining import BY_ITSELF
from serving.web.at_marketplace import PlaceScope
from serving.web.model.next_training import NextTraining, next_training, why_started
from serving.web.wording import words

_SHOWN = 8
_ACTIVE = frozenset({"waiting", "running"})


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage that a training went through, and when it began."""

    stage: str
    at: str


@dataclass(frozen=True, slots=True)
class TrainingPart:
    """The last retraining; `state` is empty if there is none, `address` is the address to poll.

    `why` is empty where somebody requested it. `following` is what the next training waits for.
    """

    template: ClassVar[str] = "parts/training.html"
    place: ClassVar[str] = "/models"

    state: str
    active: bool
    stage: str
    percent: int
    asked: str
    why: str
    finished: str
    error: str | None
    log: tuple[StageLine, ...]
    address: str
    following: NextTraining


def training_part(connection: Connection, scope: PlaceScope, now: datetime) -> TrainingPart:
    """The part of the model page that refreshes by itself."""
    found = learning.jobs(connection, scope.marketplace_id, 1)
    address = scope.at("/models/training")
    following = next_training(connection, scope.marketplace_id, now)
    if not found:
        return TrainingPart("", False, "", 0, "", "", "", None, (), address, following)
    job = found[0]
    return TrainingPart(
        state=job.state,
        active=job.state in _ACTIVE,
        stage=str(job.progress.get("stage", "")).capitalize(),
        percent=round(100 * float(job.progress.get("share", 0.0))),
        asked=f"{who(connection, job.requested_by)}, {words.moment(job.created_at, now)}",
        why=why_started(job.cause) if job.cause else "",
        finished=words.moment_named(job.finished_at, now) if job.finished_at else "",
        error=job.error if job.state == "failed" or not _is_tracked(connection, job) else None,
        log=tuple(
            StageLine(str(one["stage"]), words.moment(datetime.fromisoformat(one["at"]), now))
            for one in job.progress.get("log", ())[-_SHOWN:]
        ),
        address=address,
        following=following,
    )


def _is_tracked(connection: Connection, job: Job) -> bool:
    """Whether the registry has what a training made by now."""
    return (
        job.digest is None or learning.get_model(connection, job.marketplace_id, job.digest).mlflow_run_id is not None
    )


def who(connection: Connection, actor: str) -> str:
    """The name behind an actor of the audit log."""
    kind, _, known_id = actor.partition(":")
    if kind == "user":
        return accounts.names(connection, [known_id]).get(known_id, "unknown user")
    if kind == "key":
        return f"API key {known_id}"
    return "automatic retraining" if actor == BY_ITSELF else "the command line"
