"""The state of the last retraining, and what the next one waits for. The page polls it while it runs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection

from serving.accounts.store import accounts
from serving.learning.rules.retraining import Cause, Wait
from serving.learning.service.learn import can_retry_load
from serving.learning.store import learning, retraining
from serving.learning.store.learning import Job
from serving.learning.store.retraining import BY_ITSELF
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.store import kill_switches
from serving.web.at_marketplace import PlaceScope
from serving.web.rendering import StaffPage
from serving.web.wording import words
from training.fit.stages import ENCODE, FIT_ALL, FITS, GATES, JUDGE, PEERS, READ, REGISTER, STAGES

_NAMED: Final = 3


def next_training(connection: Connection, marketplace_id: str, now: datetime) -> SimpleNamespace:
    """What the next training waits for, by the last decision of the sweep."""
    if not kill_switches.is_on(connection, marketplace_id, AutomaticRule.RETRAINING):
        return SimpleNamespace(
            sentences=("Automatic retraining is off. A training starts only when somebody requests it.",), counted=""
        )
    last = retraining.last_decision(connection, marketplace_id)
    if last is None:
        return SimpleNamespace(
            sentences=("The labels for automatic retraining are counted within an hour.",), counted=""
        )
    looked_at, decision = last
    return SimpleNamespace(sentences=waits_in_words(decision, now), counted=words.moment(looked_at, now))


def waits_in_words(decision: Mapping[str, Any], now: datetime) -> tuple[str, ...]:
    """What a stored decision says of the next training: an obstacle, if there is one, then labels and schedule."""
    labels = f"{decision['new_labels']:,} of {decision['needed']:,} new labels"
    sentences = (_obstacle_in_words(decision, now), f"{labels}; {_schedule_in_words(decision, now)}.")
    return tuple(sentence for sentence in sentences if sentence)


def why_started(cause: Mapping[str, Any]) -> str:
    """Why a training started without a person."""
    match Cause(cause["cause"]):
        case Cause.LABELS:
            return f"Started by itself: {words.many(cause['new_labels'], 'new label')} since the last training."
        case Cause.DRIFT:
            return f"Started by itself: drift of {_names_in_words(cause['moved'])} in successive reports."
        case Cause.SCHEDULE:
            return f"Started by itself on schedule, with {words.many(cause['new_labels'], 'new label')}."


def _names_in_words(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return words.join_list([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])


def _schedule_in_words(decision: Mapping[str, Any], now: datetime) -> str:
    if decision["scheduled_at"] is None:
        return "no schedule before the first training"
    at = datetime.fromisoformat(decision["scheduled_at"])
    return f"next scheduled training {_time_ahead(at, now)}" if at > now else "a scheduled training is due"


def _obstacle_in_words(decision: Mapping[str, Any], now: datetime) -> str:
    """Why nothing starts although a cause may hold; empty where there is no obstacle."""
    code = decision["code"]
    until = "" if decision["not_before"] is None else _time_ahead(datetime.fromisoformat(decision["not_before"]), now)
    match code:
        case Wait.TOO_FEW:
            return "Too few mature labels of a class for a training."
        case Wait.UNCHANGED:
            return "No label has changed since the last training."
        case Wait.TODAY:
            return f"At most one training a day starts by itself; the next may start {until}."
        case Wait.BACK_OFF:
            return (
                f"{words.many(decision['failures'], 'training')} in a row did not succeed; the next may start {until}, "
                "if labels have changed."
            )
        case _:
            return ""


def _time_ahead(moment: datetime, now: datetime) -> str:
    """A time ahead in whole days from two days on, else in hours.

    >>> from datetime import UTC, timedelta
    >>> now = datetime(2026, 3, 2, tzinfo=UTC)
    >>> _time_ahead(now + timedelta(days=4), now), _time_ahead(now + timedelta(hours=30), now), _time_ahead(now, now)
    ('in 4 days', 'in 30 hours', 'now')
    """
    hours = (moment - now).total_seconds() / 3_600
    if hours <= 0:
        return "now"
    if hours < 48:
        return f"in {words.many(max(1, round(hours)), 'hour')}"
    return f"in {words.many(round(hours / 24), 'day')}"


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


def training_part(connection: Connection, scope: PlaceScope, now: datetime) -> StaffPage:
    """The part of the model page that refreshes by itself."""
    jobs = learning.jobs(connection, scope.marketplace_id, 1)
    address = scope.at("/models/training")
    following = next_training(connection, scope.marketplace_id, now)
    if not jobs:
        return StaffPage(
            "parts/training.html",
            "/models",
            state="",
            active=False,
            stage="",
            percent=0,
            asked="",
            why="",
            again="",
            finished="",
            error=None,
            stages=(),
            address=address,
            following=following,
        )
    job = jobs[0]
    return StaffPage(
        "parts/training.html",
        "/models",
        state=job.state,
        active=job.state in _ACTIVE,
        stage=_stage_in_words(str(job.progress.get("stage", ""))),
        percent=round(100 * float(job.progress.get("share", 0.0))),
        asked=f"{actor_name(connection, job.requested_by)}, {words.moment(job.created_at, now)}",
        why=why_started(job.cause) if job.cause else "",
        again=_attempt_in_words(job.progress, now),
        finished=words.moment_named(job.finished_at, now) if job.finished_at else "",
        error=job.error if job.state == "failed" or not _is_tracked(connection, job) else None,
        stages=_stage_rows(job.progress, now),
        address=address,
        following=following,
    )


def job_to_try_again(connection: Connection, marketplace_id: str) -> str:
    """The last retraining if its bundle can be tried again; empty otherwise."""
    return next((job.job_id for job in learning.jobs(connection, marketplace_id, 1) if can_retry_load(job)), "")


def _stage_in_words(code: str) -> str:
    """A stage in words; what precedes the training process is already in words."""
    return _STAGES.get(code, code.capitalize())


def _attempt_in_words(progress: Mapping[str, Any], now: datetime) -> str:
    attempt = int(progress.get("attempt", 1))
    if attempt < 2:
        return ""
    began = words.moment(datetime.fromisoformat(progress["began_at"]), now)
    return f"Attempt {attempt}, since {began}: the worker ended during the one before."


def _stage_rows(progress: Mapping[str, Any], now: datetime) -> tuple[SimpleNamespace, ...]:
    """Every stage in its order. One without a start before the current one was left out; that of an encoder, which few
    have, is then not shown."""
    began = {str(log_entry["stage"]): datetime.fromisoformat(log_entry["at"]) for log_entry in progress.get("log", ())}
    current = str(progress.get("stage", ""))
    if current not in STAGES:
        return ()
    shown = [stage for stage in STAGES if stage != ENCODE or stage in began]
    at = shown.index(current)
    return tuple(
        SimpleNamespace(
            number=number + 1,
            stage=_STAGES[stage],
            state="now" if number == at else "next" if number > at else "done" if stage in began else "skipped",
            at=words.moment(began[stage], now) if stage in began else "",
        )
        for number, stage in enumerate(shown)
    )


def _is_tracked(connection: Connection, job: Job) -> bool:
    """Whether the registry has what a training made by now."""
    return (
        job.digest is None or learning.get_model(connection, job.marketplace_id, job.digest).mlflow_run_id is not None
    )


def actor_name(connection: Connection, actor: str) -> str:
    """The name behind an actor of the audit log."""
    kind, _, known_id = actor.partition(":")
    if kind == "user":
        return accounts.names(connection, [known_id]).get(known_id, "unknown user")
    if kind == "key":
        return f"API key {known_id}"
    return "automatic retraining" if actor == BY_ITSELF else "the command line"
