"""Retraining as a job: requested, run in a child process, its bundle admitted, figures stored. A person promotes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from models.errors import BundleTooSlow, Conflict, DomainError, WorkInProgress
from models.policies.learning import LabelPolicy
from models.policies.version import policy_version
from serving.audit.store import audit
from serving.learning.policy import RetrainingPolicy
from serving.learning.service.champions import reference_of
from serving.learning.service.golden import freeze_by_default, write_golden_set
from serving.learning.service.labelling import export_snapshot
from serving.learning.service.publish import publish_later, record_failed_run, registry_arguments, run_arguments
from serving.learning.service.second_reviews import open_second_reviews
from serving.learning.service.training_child import JOB, TrainingFailed, run_child
from serving.learning.store import learning
from serving.learning.store.learning import Job
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_roles
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform import jobs
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore, LiveModels
from training.gates.gate import blocking_gates, was_compared

_SEED: Final = 0
_STAGES_KEPT: Final = 30
_LATER_SECONDS: Final = 30.0
_LONGEST_ERROR: Final = 500
_KEY: Final = "key:"
_KEPT_STAGE: Final = "kept"  # How often a finished training was kept because its bundle was not loaded in time.
_TRAINED: Final = "trained.json"
_LATEST: Final = 100  # Trainings take minutes and run one after another, so a day has fewer.


class TooManyTrainings(Conflict):
    """API keys have started as many trainings of a marketplace as they may in 24 hours."""

    retry_after_seconds = 3_600


def request_training(runtime: Runtime, marketplace: Marketplace, *, by: str) -> str:
    """Leave a retraining job; returns its id. Raises UnderWay (a job is waiting or running)."""
    with runtime.store.write() as connection:
        return queue_training(runtime, connection, marketplace.marketplace_id, by=by)


def queue_training(
    runtime: Runtime, connection: Connection, marketplace_id: str, *, by: str, cause: Mapping[str, Any] | None = None
) -> str:
    """Leave a retraining job in the transaction of the caller; returns its id.

    Raises UnderWay (a job is waiting or running).
    """
    job_id = add_job(runtime, connection, marketplace_id, by=by, cause=cause)
    runtime.jobs.enqueue(connection, jobs.RETRAIN, jobs.TRAINING, f"retrain:{job_id}", marketplace_id, job_id)
    return job_id


def add_job(
    runtime: Runtime, connection: Connection, marketplace_id: str, *, by: str, cause: Mapping[str, Any] | None = None
) -> str:
    """Insert the row of a retraining job; `cause` is why the service starts it by itself.

    Raises UnderWay, TooManyTrainings (a job is waiting or running; a key asks, and keys have started as many in 24
    hours as they may).
    """
    now = runtime.clock.now()
    audit.lock(connection)  # Of two simultaneous requests, the second sees the first.
    latest = learning.jobs(connection, marketplace_id, _LATEST)
    _refuse_second(latest)
    of_keys = [job for job in latest if job.requested_by.startswith(_KEY) and now - job.created_at < timedelta(days=1)]
    most = runtime.policies[RetrainingPolicy].started_by_keys_a_day
    if by.startswith(_KEY) and len(of_keys) >= most:
        raise TooManyTrainings("API keys start at most {most} trainings in 24 hours. Start one as a person.", most=most)
    job_id = runtime.ids.new("job")
    row = {
        "marketplace_id": marketplace_id,
        "job_id": job_id,
        "state": "waiting",
        "progress": {"stage": "waiting", "share": 0.0},
        "requested_by": by,
        "cause": None if cause is None else dict(cause),
        "created_at": now,
    }
    learning.add_job(connection, row)
    audit.record(connection, now, marketplace_id, by, "training.requested", job_id, **(cause or {}))
    return job_id


def _refuse_second(latest: Sequence[Job]) -> None:
    if any(job.state in {"waiting", "running"} for job in latest):
        raise WorkInProgress("A retraining is under way already.")


def retry_load(runtime: Runtime, marketplace: Marketplace, job_id: str, *, by: str) -> None:
    """Leave a job that loads the bundle of a finished training once more.

    Raises UnderWay (a job is waiting or running) or Conflict (nothing of the training is kept).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        _refuse_second(learning.jobs(connection, marketplace_id, _LATEST))
        job = learning.get_job(connection, marketplace_id, job_id)
        if not can_retry_load(job):
            raise Conflict("Nothing of this training is kept. Start a new one.")
        waits = {"state": "waiting", "progress": {**job.progress, "stage": "waiting"}, "error": None}
        learning.update_job(connection, marketplace_id, job_id, {**waits, "finished_at": None}, of=("failed",))
        workflow_id = f"retrain:{job_id}:{job.progress[_KEPT_STAGE]}"
        runtime.jobs.enqueue(connection, jobs.RETRAIN, jobs.TRAINING, workflow_id, marketplace_id, job_id)
        audit.record(connection, now, marketplace_id, by, "training.load_requested", job_id)


def can_retry_load(job: Job) -> bool:
    """Whether a job failed because its bundle was not loaded in time, so that it can be tried again."""
    return job.state == "failed" and job.progress["stage"] == _KEPT_STAGE


def retrain(runtime: Runtime, marketplace_id: str, job_id: str, *, after: str | None = None) -> str:
    """Run one retraining to its end; returns the final state. A repeated call returns the stored result.

    Without the champion, to which the gates compare the candidate, the job named `after` leaves a successor in the
    queue, and the retraining stays waiting.
    """
    with runtime.store.read() as connection:
        job = learning.get_job(connection, marketplace_id, job_id)
    if job.state in {"done", "failed"}:
        return job.state
    if after is not None and marketplace_id in runtime.services[LiveModels].missing():
        _postpone(runtime, job, after)
        return "waiting"
    try:
        digest, not_tracked = _admit_bundle(runtime, job, _earlier_result(runtime, job) or _train(runtime, job))
    except BundleTooSlow as slow:
        progress = {
            **_final_progress(runtime, job),
            "stage": _KEPT_STAGE,
            _KEPT_STAGE: job.progress.get(_KEPT_STAGE, 0) + 1,
        }
        why = f"{slow.sentence} The training is kept in cache/training of the data directory. Try its bundle again."
        return _end_job(runtime, job, {"state": "failed", "error": why, "progress": progress})
    except DomainError as refused:
        _end_job(runtime, job, {"state": "failed", "error": refused.sentence[:_LONGEST_ERROR]})
        if not (isinstance(refused, TrainingFailed) and refused.recorded):
            record_failed_run(runtime, job, refused)
        return "failed"
    error = None if not_tracked is None else f"Trained, not tracked: {not_tracked}"[:_LONGEST_ERROR]
    return _end_job(
        runtime, job, {"state": "done", "digest": digest, "progress": _final_progress(runtime, job), "error": error}
    )


def _postpone(runtime: Runtime, job: Job, after: str) -> None:
    waits = {"stage": "waiting for the champion's bundle", "share": 0.0}
    with runtime.store.write() as connection:
        learning.update_job(connection, job.marketplace_id, job.job_id, {"state": "waiting", "progress": waits})
        runtime.jobs.enqueue(
            connection,
            jobs.RETRAIN,
            jobs.TRAINING,
            jobs.successor_id(after),
            job.marketplace_id,
            job.job_id,
            delay_seconds=_LATER_SECONDS,
        )


def _final_progress(runtime: Runtime, job: Job) -> dict[str, Any]:
    """The progress of a finished job, with its stages."""
    with runtime.store.read() as connection:
        log = learning.get_job(connection, job.marketplace_id, job.job_id).progress.get("log", [])
    return {"stage": "done", "share": 1.0, "log": log}


class _Stages:
    """The status of a training, with its last stages and the start of each.

    A training whose worker ended begins again: `attempt` counts them, so that no stage seems to come back.
    """

    def __init__(self, runtime: Runtime, job: Job) -> None:
        self._runtime, self._job = runtime, job
        self._log: list[dict[str, str]] = []
        self._began = {"attempt": int(job.progress.get("attempt", 0)) + 1, "began_at": runtime.clock.now().isoformat()}

    def text(self, line: Mapping[str, Any]) -> None:
        """Store a line of progress."""
        if not self._log or self._log[-1]["stage"] != line["stage"]:
            began = {"stage": str(line["stage"]), "at": self._runtime.clock.now().isoformat()}
            self._log = [*self._log, began][-_STAGES_KEPT:]
        _update_job(self._runtime, self._job, {"progress": {**line, **self._began, "log": self._log}})


def _earlier_result(runtime: Runtime, job: Job) -> dict[str, Any]:
    """What an earlier attempt at this job trained, empty where none did. Raises Conflict (its files are gone)."""
    path, training = _job_folder(runtime, job) / _TRAINED, dict[str, Any]()
    if path.is_file():
        training = json.loads(path.read_bytes())
    elif _KEPT_STAGE in job.progress:
        raise Conflict("The files of the training are no longer in this data directory. Start a new training.")
    return training


def _job_folder(runtime: Runtime, job: Job) -> Path:
    return runtime.home.cache / "training" / job.job_id


def _train(runtime: Runtime, job: Job) -> dict[str, Any]:
    """What the child trained, kept until its bundle is admitted."""
    marketplace_id = job.marketplace_id
    freeze_by_default(runtime, marketplace_id)
    snapshot_id, path, digest = export_snapshot(runtime, marketplace_id)
    _update_job(runtime, job, {"state": "running", "snapshot_id": snapshot_id})
    open_second_reviews(runtime, marketplace_id, job.job_id)
    with runtime.store.read() as connection:
        reference = reference_of(connection, marketplace_id)
        looks = 1 + sum(
            was_compared(model.report, reference.digest)
            for model in learning.models(connection, marketplace_id, _LATEST)
        )
    golden = write_golden_set(runtime, marketplace_id)
    arguments = [
        *("train", "--snapshot", str(path), "--snapshot-digest", digest, "--seed", str(_SEED)),
        *("--learner", runtime.settings.learner, "--encoder", runtime.settings.encoder),
        *(("--settings", str(runtime.settings.fit_settings)) if runtime.settings.fit_settings is not None else ()),
        *("--out", str(_job_folder(runtime, job))),
        *("--threads", str(runtime.settings.training_threads), "--looks", str(looks)),
        *run_arguments(runtime, job),
        *("--policy", policy_version(runtime.policies[LabelPolicy])),
        *(f"--accept-leak={name.strip()}" for name in runtime.settings.accepted_leaks.split(",") if name.strip()),
        *(("--champion", str(runtime.services[BundleStore].fetched(reference.digest))) if reference.digest else ()),
        *(("--golden", str(golden[0]), "--golden-digest", golden[1]) if golden is not None else ()),
        *registry_arguments(runtime, marketplace_id),
    ]
    done = run_child(
        JOB,
        arguments,
        cache=runtime.home.cache,
        timeout_seconds=runtime.settings.training_timeout_seconds,
        progress=_Stages(runtime, job).text,
    )
    trained = {**done, "report": {**done["report"], "reference": asdict(reference)}}
    runtime.home.write_private(str(_job_folder(runtime, job).relative_to(runtime.home.root) / _TRAINED), trained)
    return trained


def _admit_bundle(runtime: Runtime, job: Job, done: dict[str, Any]) -> tuple[str, str | None]:
    """The digest of the admitted bundle, and why MLflow does not have it; a durable job then tries again."""
    marketplace_id, attempts = job.marketplace_id, runtime.policies[RetrainingPolicy].load_attempts
    admitted = runtime.services[BundleStore].admit(
        _job_folder(runtime, job) / Path(done["folder"]).name, attempts=attempts
    )
    fingerprint = runtime.services[BundleStore].load(admitted).fingerprint
    report = dict(done["report"])
    open_second_reviews(runtime, marketplace_id, job.job_id, report.pop("suspects"))
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        row = {
            "marketplace_id": marketplace_id,
            "digest": admitted,
            "fingerprint": fingerprint,
            "job_id": job.job_id,
            "report": report,
            "mlflow_run_id": done.get("run_id"),
            "mlflow_version": done.get("version"),
            "created_at": now,
        }
        learning.add_model(connection, row)
        if "not_tracked" in done:
            publish_later(runtime, connection, marketplace_id, admitted, job_id=f"publish:{job.job_id}")
        else:
            learning.track_model(connection, marketplace_id, admitted, done["run_id"], done["version"])
        audit.record(connection, now, marketplace_id, "training", "model.trained", admitted)
    return admitted, done.get("not_tracked")


def _update_job(runtime: Runtime, job: Job, values: Mapping[str, Any]) -> None:
    with runtime.store.write() as connection:
        learning.update_job(connection, job.marketplace_id, job.job_id, values)


def _end_job(runtime: Runtime, job: Job, values: Mapping[str, Any]) -> str:
    now, state = runtime.clock.now(), str(values["state"])
    with runtime.store.write() as connection:
        learning.update_job(connection, job.marketplace_id, job.job_id, {**values, "finished_at": now})
        audit.record(connection, now, job.marketplace_id, "training", f"training.{state}", job.job_id)
        _mail_end(runtime, connection, job, values)
    return state


def _mail_end(runtime: Runtime, connection: Connection, job: Job, values: Mapping[str, Any]) -> None:
    """Tell the data scientists of a marketplace how a training ended, with the gates that its model does not pass."""
    marketplace_id, about = job.marketplace_id, {"what": "training_failed", "reason": values.get("error")}
    if (digest := values.get("digest")) is not None:
        failed = blocking_gates(learning.get_model(connection, marketplace_id, digest).report["gates"])
        gates = [gate["name"] for gate in failed]
        about = {"what": "gates_failed" if gates else "training_done", "gates": gates, "model": digest[:10]}
    queue_to_roles(runtime, connection, MailKind.TRAINING_ENDED, marketplace_id, about)
