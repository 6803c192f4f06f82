"""The state of the last retraining. The page polls it while it runs, and reloads once it has ended."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from serving.accounts.store import accounts
from serving.learning.service.learn import is_kept
from serving.learning.store import learning
from serving.learning.store.learning import Job
from serving.learning.store.retraining import BY_ITSELF
from serving.web.at_marketplace import PlaceScope
from serving.web.model.next_training import NextTraining, next_training, why_started
from serving.web.rendering import Page
from serving.web.wording import words
from training.stages import ENCODE, FIT_ALL, FITS, GATES, JUDGE, PEERS, READ, REGISTER, STAGES

_ACTIVE = frozenset({"waiting", "running"})
_STAGES: Final = {
    READ: "Read the snapshot",
    **{stage: f"Fit on the rows before time fold {number}" for number, stage in enumerate(FITS, 1)},
    JUDGE: "Score later listings of unseen sellers",
    PEERS: "Fit the baselines on the same rows",
    GATES: "Evaluate the gates",
    FIT_ALL: "Fit the model that ships",
    ENCODE: "Encode the titles for second scores",
    REGISTER: "Log to MLflow",
}


@dataclass(frozen=True, slots=True)
class StageLine:
    """A stage of a training in its order: `state` is done, now, next or skipped; `at` is when it began."""

    number: int
    stage: str
    state: str
    at: str


@dataclass(frozen=True, slots=True)
class TrainingPart(Page, template="parts/training.html", place="/models"):
    """The last retraining; `state` is empty if there is none, `address` is the address to poll.

    `why` is empty where somebody requested it. `again` says of a second attempt when it began, because its progress
    begins at zero. `following` is what the next training waits for.
    """

    state: str
    active: bool
    stage: str
    percent: int
    asked: str
    why: str
    again: str
    finished: str
    error: str | None
    stages: tuple[StageLine, ...]
    address: str
    following: NextTraining


def training_part(connection: Connection, scope: PlaceScope, now: datetime) -> TrainingPart:
    """The part of the model page that refreshes by itself."""
    found = learning.jobs(connection, scope.marketplace_id, 1)
    address = scope.at("/models/training")
    following = next_training(connection, scope.marketplace_id, now)
    if not found:
        return TrainingPart("", False, "", 0, "", "", "", "", None, (), address, following)
    job = found[0]
    return TrainingPart(
        state=job.state,
        active=job.state in _ACTIVE,
        stage=_stage(str(job.progress.get("stage", ""))),
        percent=round(100 * float(job.progress.get("share", 0.0))),
        asked=f"{who(connection, job.requested_by)}, {words.moment(job.created_at, now)}",
        why=why_started(job.cause) if job.cause else "",
        again=_again(job.progress, now),
        finished=words.moment_named(job.finished_at, now) if job.finished_at else "",
        error=job.error if job.state == "failed" or not _is_tracked(connection, job) else None,
        stages=_stages(job.progress, now),
        address=address,
        following=following,
    )


def job_to_try_again(connection: Connection, marketplace_id: str) -> str:
    """The last retraining if its bundle can be tried again; empty otherwise."""
    return next((job.job_id for job in learning.jobs(connection, marketplace_id, 1) if is_kept(job)), "")


def _stage(code: str) -> str:
    """A stage in words; what precedes the training process is already in words."""
    return _STAGES.get(code, code.capitalize())


def _again(progress: Mapping[str, Any], now: datetime) -> str:
    attempt = int(progress.get("attempt", 1))
    if attempt < 2:
        return ""
    began = words.moment(datetime.fromisoformat(progress["began_at"]), now)
    return f"Attempt {attempt}, since {began}: the worker ended during the one before."


def _stages(progress: Mapping[str, Any], now: datetime) -> tuple[StageLine, ...]:
    """Every stage in its order. One without a start before the current one was left out; that of an encoder, which few
    have, is then not shown."""
    began = {str(one["stage"]): datetime.fromisoformat(one["at"]) for one in progress.get("log", ())}
    current = str(progress.get("stage", ""))
    if current not in STAGES:
        return ()
    shown = [stage for stage in STAGES if stage != ENCODE or stage in began]
    at = shown.index(current)
    return tuple(
        StageLine(
            number + 1,
            _STAGES[stage],
            "now" if number == at else "next" if number > at else "done" if stage in began else "skipped",
            words.moment(began[stage], now) if stage in began else "",
        )
        for number, stage in enumerate(shown)
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
