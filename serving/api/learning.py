"""Models for tools and scripts: list, retrain, promote, roll back, and the golden sets that measure them."""

import dataclasses
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field

from models.errors import NotFound
from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person, Scope
from serving.accounts.store.accounts import Session
from serving.api.people import Body
from serving.api.requests.after import After
from serving.api.requests.repeating import Repeatable
from serving.guards import Caller, may, may_or_key, runtime_of
from serving.learning.service.golden import freeze_golden_set
from serving.learning.service.labelling import label_state
from serving.learning.service.learn import request_training
from serving.learning.service.promote import Approved, approve, rollback, withdraw
from serving.learning.store import golden, learning
from serving.learning.store.golden import StoredSet
from serving.learning.store.learning import Job, Model
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime
from training.comparable import comparable, why_not_comparable

router = APIRouter(route_class=Repeatable)
Reader = Annotated[Session, may(Permission.SEE_MODELS)]
Trainer = Annotated[Caller | Session, may_or_key(Permission.TRAIN_MODELS, Scope.TRAIN)]
Follower = Annotated[Caller | Session, may_or_key(Permission.SEE_MODELS, Scope.TRAIN)]
Promoter = Annotated[Session, may(Permission.PROMOTE_MODELS)]
Freezer = Annotated[Session, may(Permission.FREEZE_GOLDEN_SETS)]
_PAGE = 50


class PromotionBody(Body):
    """The model, and the reason for accepting it where it does not pass a gate."""

    digest: str = Field("challenger", max_length=64)
    reason: str = Field("", max_length=500)


def marketplace_for(runtime: Runtime, person: Person, permission: Permission) -> Marketplace:
    """The marketplace in which a person has this permission. Raises NotFound (there is none)."""
    theirs = sorted(person.marketplaces(permission))
    if not theirs:
        raise NotFound("There is no marketplace of yours.")
    with runtime.store.read() as connection:
        return marketplaces.get(connection, theirs[0])


@router.get("/api/v1/models")
def get_models(request: Request, session: Reader, after: After = None) -> dict[str, Any]:
    """Models, newest first, and the champion's digest; a page has at most 50 models."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        champion = learning.champions(connection).get(found.marketplace_id)
        models = learning.models(connection, found.marketplace_id, _PAGE + 1, after)
    page, following = cut(models, _PAGE, lambda model: model.digest)
    return {"champion": champion, "models": list(map(_model, page)), "next": following}


def _model(found: Model) -> dict[str, Any]:
    report, judged = found.report, comparable(found.report["judged"])
    return {
        "digest": found.digest,
        "created_at": found.created_at.isoformat(),
        "mlflow_run_id": found.mlflow_run_id,
        "mlflow_version": found.mlflow_version,
        "rows": report["rows"],
        "waiting": report.get("waiting", 0),
        "reference": report.get("reference"),
        "positives": report["positives"],
        "gates": report["gates"],
        "judged": {name: judged.get(name) for name in ("rows", "positives", "candidate", "champion")}
        | {"not_comparable": why_not_comparable(judged)},
    }


@router.get("/api/v1/labels")
def get_labels(request: Request, session: Reader) -> dict[str, int]:
    """The numbers of labels that are mature or will be in time, and the number that a training needs."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        state = label_state(connection, found.marketplace_id, runtime.policies[LabelPolicy], runtime.clock.now())
    return {name: number for name, number in dataclasses.asdict(state).items() if name != "reasons"}


@router.post("/api/v1/trainings", status_code=202)
def post_training(request: Request, caller: Trainer) -> dict[str, str]:
    """Start a retraining, as a person or with a key of the scope `train`. People still promote its candidate."""
    runtime = runtime_of(request)
    found = _place_of(runtime, caller, Permission.TRAIN_MODELS)
    by = caller.actor if isinstance(caller, Caller) else caller.person.actor
    return {"job_id": request_training(runtime, found, by=by)}


def _place_of(runtime: Runtime, caller: Caller | Session, permission: Permission) -> Marketplace:
    """The marketplace of a key, or the one in which a person has this permission."""
    return caller.marketplace if isinstance(caller, Caller) else marketplace_for(runtime, caller.person, permission)


@router.get("/api/v1/trainings")
def get_trainings(request: Request, caller: Follower, after: After = None) -> dict[str, Any]:
    """Retrainings, newest first; a page has at most 50."""
    runtime = runtime_of(request)
    found = _place_of(runtime, caller, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        jobs = learning.jobs(connection, found.marketplace_id, _PAGE + 1, after)
    page, following = cut(jobs, _PAGE, lambda job: job.job_id)
    return {"trainings": list(map(_job, page)), "next": following}


@router.get("/api/v1/trainings/{job_id}")
def get_training(job_id: str, request: Request, caller: Follower) -> dict[str, Any]:
    """The state of a retraining."""
    runtime = runtime_of(request)
    found = _place_of(runtime, caller, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        return _job(learning.get_job(connection, found.marketplace_id, job_id))


def _job(job: Job) -> dict[str, Any]:
    return {
        "job_id": job.job_id,
        "state": job.state,
        "progress": job.progress,
        "cause": job.cause,
        "digest": job.digest,
        "error": job.error,
    }


@router.post("/api/v1/promotions", status_code=201)
def post_promotion(body: PromotionBody, request: Request, session: Promoter) -> dict[str, Any]:
    """Approve a model; the last required approval makes it the champion."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    by = session.person.actor
    done = approve(runtime, found, digest=body.digest, by=by, reason=body.reason)
    return approval_answer(done)


def approval_answer(done: Approved) -> dict[str, Any]:
    """The result of an approval."""
    return {
        "digest": done.digest,
        "in_force": done.in_force,
        "approved_by": [one.by for one in done.standing.counted],
        "approvals_missing": done.standing.missing,
    }


@router.delete("/api/v1/models/{digest}/approval")
def delete_approval(digest: str, request: Request, session: Promoter) -> dict[str, str]:
    """Withdraw one's approval of a model that is not in force."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    by = session.person.actor
    return {"digest": withdraw(runtime, found, digest=digest, by=by)}


@router.delete("/api/v1/promotions/latest")
def delete_promotion(request: Request, session: Promoter) -> dict[str, Any]:
    """Restore the previous champion, or approve that where one person is not enough."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    by = session.person.actor
    done = rollback(runtime, found, by=by)
    return {"champion": done.digest, "in_force": done.in_force, "approvals_missing": done.standing.missing}


@router.post("/api/v1/golden-sets", status_code=201)
def post_golden_set(request: Request, session: Freezer) -> dict[str, Any]:
    """Freeze the listings that two analysts judged alike; a person who may retrain may not freeze."""
    runtime = runtime_of(request)
    found = marketplace_for(runtime, session.person, Permission.FREEZE_GOLDEN_SETS)
    by = session.person.actor
    return golden_answer(freeze_golden_set(runtime, found, by=by))


@router.get("/api/v1/golden-sets/latest")
def get_golden_set(request: Request, session: Reader) -> dict[str, Any]:
    """The golden set in force; its digest is null where none is."""
    runtime = runtime_of(request)
    here = marketplace_for(runtime, session.person, Permission.SEE_MODELS).marketplace_id
    with runtime.store.read() as connection:
        return golden_answer(golden.in_force(connection, here, runtime.clock.now()))


def golden_answer(found: StoredSet | None) -> dict[str, Any]:
    """The summary of a golden set, without its content."""
    if found is None:
        return {"digest": None}
    return {
        "digest": found.digest,
        "items": found.items,
        "positives": found.positives,
        "frozen_by": found.frozen_by,
        "frozen_at": found.frozen_at.isoformat(),
    }
