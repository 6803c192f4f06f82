"""Models: training, promotion, trials, golden sets, drift."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from serving.accounts.rules.access import Permission
from serving.api.learning import approval_answer, golden_answer
from serving.learning.service import trial
from serving.learning.service.golden import freeze_golden_set as freeze_a_golden_set
from serving.learning.service.learn import add_job, request_training, retrain
from serving.learning.service.monitoring import measure
from serving.learning.service.promote import approve, rollback, withdraw
from serving.learning.service.rescore import model_named, rescore, summary
from serving.learning.store import golden, learning
from serving.local.commands.asking import BY, actor_named, place_named, promoter
from serving.local.commands.registry import command
from serving.marketplaces.store import marketplaces
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore
from serving.scoring.store import trials


@command
def train(runtime: Runtime, *, wait: bool, marketplace: str | None = None) -> dict[str, Any]:
    """Ask the running service to retrain; with `wait`, run it here, which is for when no service runs."""
    found = place_named(runtime, marketplace)
    if not wait:
        return {"job_id": request_training(runtime, found, by=BY)}
    with runtime.store.write() as connection:
        job_id = add_job(runtime, connection, found.marketplace_id, by=BY)
    retrain(runtime, found.marketplace_id, job_id)
    return get_job(runtime, job_id=job_id, marketplace=marketplace)


@command
def get_job(runtime: Runtime, *, job_id: str, marketplace: str | None = None) -> dict[str, Any]:
    """How a retraining stands."""
    with runtime.store.read() as connection:
        found = marketplaces.by_name(connection, marketplace)
        job = learning.get_job(connection, found.marketplace_id, job_id)
        report = learning.get_model(connection, found.marketplace_id, job.digest).report if job.digest else None
    return {
        "job_id": job.job_id,
        "state": job.state,
        "progress": dict(job.progress),
        "digest": job.digest,
        "error": job.error,
        "gates": report["gates"] if report else None,
    }


@command
def promote_model(
    runtime: Runtime,
    *,
    digest: str = "challenger",
    reason: str = "",
    by: str | None = None,
    take_back: bool = False,
    marketplace: str | None = None,
) -> dict[str, Any]:
    """Approve a model, or take an approval back."""
    found = place_named(runtime, marketplace)
    actor = actor_named(runtime, by, found.marketplace_id, Permission.PROMOTE_MODELS)
    if take_back:
        return {"digest": withdraw(runtime, found, digest=digest, by=actor), "in_force": False}
    return approval_answer(approve(runtime, found, digest=digest, by=actor, reason=reason))


@command
def measure_drift(runtime: Runtime, *, days: int, marketplace: str | None = None) -> dict[str, Any]:
    """Compare the listings of now with those of before, and keep the report."""
    found = place_named(runtime, marketplace)
    return measure(runtime, found, days=days)


@command
def start_trial(
    runtime: Runtime, *, bundle: str, share: float, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Let a model score beside the champion."""
    place, actor = promoter(runtime, by, marketplace)
    found = trial.start(runtime, place, name=bundle, share=float(share), by=actor)
    return {"digest": found.digest, "share": found.share}


@command
def change_trial(
    runtime: Runtime, *, share: float, by: str | None = None, marketplace: str | None = None
) -> dict[str, Any]:
    """Change the share of sellers about whom the model on trial decides."""
    place, actor = promoter(runtime, by, marketplace)
    return {"digest": trial.change_share(runtime, place, share=float(share), by=actor).digest, "share": share}


@command
def end_trial(runtime: Runtime, *, by: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """End the trial."""
    place, actor = promoter(runtime, by, marketplace)
    return {"digest": trial.end(runtime, place, by=actor).digest}


@command
def show_trial(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """What is on trial and what it has shown so far."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = trials.open_trials(connection, here)
        if not found:
            return {"digest": None}
        shown = trial.shown_so_far(runtime, connection, found[0])
    one = found[0]
    return {"digest": one.digest, "share": one.share, "since": one.started_at.isoformat(), **asdict(shown)}


@command
def freeze_golden_set(runtime: Runtime, *, by: str | None = None, marketplace: str | None = None) -> dict[str, Any]:
    """Freeze what two analysts judged alike."""
    place = place_named(runtime, marketplace)
    actor = actor_named(runtime, by, place.marketplace_id, Permission.FREEZE_GOLDEN_SETS)
    return golden_answer(freeze_a_golden_set(runtime, place, by=actor))


@command
def show_golden_set(runtime: Runtime, *, marketplace: str | None = None) -> dict[str, Any]:
    """The golden set in force."""
    with runtime.store.read() as connection:
        here = marketplaces.by_name(connection, marketplace).marketplace_id
        found = golden.in_force(connection, here, runtime.clock.now())
    return golden_answer(found)


@command
def get_model(runtime: Runtime, *, digest: str, marketplace: str | None = None) -> dict[str, Any]:
    """What is kept of a model beside its bundle; `digest` may be its beginning, 'challenger' or 'champion'."""
    place = place_named(runtime, marketplace)
    found = model_named(runtime, place, digest)
    return {"marketplace": place.name, **asdict(found), "created_at": found.created_at.isoformat()}


@command
def rescore_past(
    runtime: Runtime, *, since: str, bundle: str, most: int, rows: bool, marketplace: str | None = None
) -> dict[str, Any]:
    """Score the past anew with a model; with `rows`, every version with what was said then and now."""
    place = place_named(runtime, marketplace)
    model = runtime.services[BundleStore].load(model_named(runtime, place, bundle).digest)
    found = rescore(runtime, place, model, since=datetime.fromisoformat(since), most=most)
    lines = [{**asdict(row), "scored_at": row.scored_at.isoformat()} for row in found] if rows else []
    return {"digest": model.digest, **summary(found), "rows": lines}


@command
def rollback_model(runtime: Runtime, *, reason: str = "", marketplace: str | None = None) -> dict[str, Any]:
    """Bring the champion before the present one back."""
    found = place_named(runtime, marketplace)
    return {"champion": rollback(runtime, found, by=BY, reason=reason)}
