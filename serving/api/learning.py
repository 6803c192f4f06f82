"""Models, trainings and golden sets."""

from operator import attrgetter
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BeforeValidator, Field

from models.errors import NotFound
from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person, Scope
from serving.accounts.store.accounts import Session
from serving.api.answers import Answer, Moment, Page, read_from
from serving.api.people import Body
from serving.api.requests.moments import After
from serving.api.requests.repeating import RepeatableRoute
from serving.guards import Caller, ModelReader, Promoter, TheRuntime, may, may_or_key
from serving.learning.service.golden import freeze_golden_set
from serving.learning.service.labelling import LabelState, label_state
from serving.learning.service.learn import request_training
from serving.learning.service.promote import ApprovalResult, approve, rollback, withdraw_approval
from serving.learning.store import golden, learning
from serving.learning.store.golden import StoredSet
from serving.learning.store.learning import Job
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime
from training.evaluate.comparison import comparable_figures, why_not_comparable

router = APIRouter(route_class=RepeatableRoute)
Trainer = Annotated[Caller | Session, may_or_key(Permission.TRAIN_MODELS, Scope.TRAIN)]
Follower = Annotated[Caller | Session, may_or_key(Permission.SEE_MODELS, Scope.TRAIN)]
Freezer = Annotated[Session, may(Permission.FREEZE_GOLDEN_SETS)]
_PAGE = 50


class PromotionBody(Body):
    """The model, and the reason for accepting it where it does not pass a gate."""

    digest: str = Field("challenger", max_length=64)
    reason: str = Field("", max_length=500)


class Reference(Answer):
    """The model that the gates compared with; `overridden` is the champion that was left out, with failed gates."""

    digest: str | None
    overridden: str | None


class Model(Answer):
    """A model with the measurements of its report."""

    digest: str
    created_at: Moment
    mlflow_run_id: str | None
    mlflow_version: str | None
    rows: int
    waiting: int
    positives: int
    reference: Reference | None
    gates: list[dict[str, Any]]
    judged: dict[str, Any]


class Models(Page):
    """Models, newest first, and the champion."""

    champion: str | None
    models: list[Model]


class Labels(Answer):
    """Labels that are mature or will be in time, and how many a training needs."""

    counterfeit: int
    genuine: int
    counterfeit_needed: int
    genuine_needed: int
    waiting: int
    withheld: int


class TrainingStarted(Answer):
    """The id of a training."""

    job_id: str


class Cause(Answer):
    """Why a training started by itself: `labels`, `drift` with the features that moved, or `schedule`."""

    cause: str
    new_labels: int
    moved: list[str]


class Training(Answer):
    """A training; `cause` is null where somebody requested it."""

    job_id: str
    state: str
    progress: dict[str, Any]
    cause: Cause | None
    digest: str | None
    error: str | None


class Trainings(Page):
    """Trainings, newest first."""

    trainings: list[Training]


class Approval(Answer):
    """The result of an approval."""

    digest: str
    in_force: bool
    approved_by: list[Annotated[str, BeforeValidator(attrgetter("by"))]] = read_from("status.counted")
    approvals_missing: int = read_from("status.missing")


class WithdrawnApproval(Answer):
    """The model whose approval was withdrawn."""

    digest: str


class RestoredChampion(Answer):
    """The previous champion, and whether it is in force again or approvals of it are missing."""

    champion: str = read_from("digest")
    in_force: bool
    approvals_missing: int = read_from("status.missing")


class GoldenSet(Answer):
    """The golden set in force; only the digest, null, where there is none."""

    digest: str | None
    items: int = 0
    positives: int = 0
    frozen_by: str = ""
    frozen_at: Moment | None = None


def marketplace_for(runtime: Runtime, person: Person, permission: Permission) -> Marketplace:
    """The marketplace in which a person has this permission. Raises NotFound (there is none)."""
    theirs = sorted(person.marketplaces(permission))
    if not theirs:
        raise NotFound("There is no marketplace of yours.")
    with runtime.store.read() as connection:
        return marketplaces.get(connection, theirs[0])


@router.get("/api/v1/models")
def get_models(runtime: TheRuntime, session: ModelReader, after: After = None) -> Models:
    """Models, newest first, and the champion's digest; a page has at most 50 models."""
    marketplace = marketplace_for(runtime, session.person, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        champion = learning.champions(connection).get(marketplace.marketplace_id)
        models = learning.models(connection, marketplace.marketplace_id, _PAGE + 1, after)
    page, following = cut(models, _PAGE, lambda model: model.digest)
    return Models(champion=champion, models=list(map(_model_answer, page)), next=following)


def _model_answer(stored: learning.Model) -> Model:
    report, judged = stored.report, comparable_figures(stored.report["judged"])
    return Model(
        digest=stored.digest,
        created_at=stored.created_at,
        mlflow_run_id=stored.mlflow_run_id,
        mlflow_version=stored.mlflow_version,
        rows=report["rows"],
        waiting=report.get("waiting", 0),
        reference=report.get("reference"),
        positives=report["positives"],
        gates=report["gates"],
        judged={name: judged.get(name) for name in ("rows", "positives", "candidate", "champion")}
        | {"not_comparable": why_not_comparable(judged)},
    )


@router.get("/api/v1/labels", response_model=Labels)
def get_labels(runtime: TheRuntime, session: ModelReader) -> LabelState:
    """The numbers of labels that are mature or will be in time, and the number that a training needs."""
    marketplace = marketplace_for(runtime, session.person, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        return label_state(connection, marketplace.marketplace_id, runtime.policies[LabelPolicy], runtime.clock.now())


@router.post("/api/v1/trainings", status_code=202)
def post_training(runtime: TheRuntime, caller: Trainer) -> TrainingStarted:
    """Start a retraining, as a person or with a key of the scope `train`. People still promote its candidate."""
    marketplace = _marketplace_of(runtime, caller, Permission.TRAIN_MODELS)
    by = caller.actor if isinstance(caller, Caller) else caller.person.actor
    return TrainingStarted(job_id=request_training(runtime, marketplace, by=by))


def _marketplace_of(runtime: Runtime, caller: Caller | Session, permission: Permission) -> Marketplace:
    """The marketplace of a key, or the one in which a person has this permission."""
    return caller.marketplace if isinstance(caller, Caller) else marketplace_for(runtime, caller.person, permission)


@router.get("/api/v1/trainings")
def get_trainings(runtime: TheRuntime, caller: Follower, after: After = None) -> Trainings:
    """Retrainings, newest first; a page has at most 50."""
    marketplace = _marketplace_of(runtime, caller, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        jobs = learning.jobs(connection, marketplace.marketplace_id, _PAGE + 1, after)
    page, following = cut(jobs, _PAGE, lambda job: job.job_id)
    return Trainings(trainings=page, next=following)


@router.get("/api/v1/trainings/{job_id}", response_model=Training)
def get_training(job_id: str, runtime: TheRuntime, caller: Follower) -> Job:
    """The state of a retraining."""
    marketplace = _marketplace_of(runtime, caller, Permission.SEE_MODELS)
    with runtime.store.read() as connection:
        return learning.get_job(connection, marketplace.marketplace_id, job_id)


@router.post("/api/v1/promotions", status_code=201, response_model=Approval)
def post_promotion(body: PromotionBody, runtime: TheRuntime, session: Promoter) -> ApprovalResult:
    """Approve a model; the last required approval makes it the champion."""
    marketplace = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    return approve(runtime, marketplace, digest=body.digest, by=session.person.actor, reason=body.reason)


@router.delete("/api/v1/models/{digest}/approval")
def delete_approval(digest: str, runtime: TheRuntime, session: Promoter) -> WithdrawnApproval:
    """Withdraw one's approval of a model that is not in force."""
    marketplace = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    return WithdrawnApproval(digest=withdraw_approval(runtime, marketplace, digest=digest, by=session.person.actor))


@router.delete("/api/v1/promotions/latest", response_model=RestoredChampion)
def delete_promotion(runtime: TheRuntime, session: Promoter) -> ApprovalResult:
    """Restore the previous champion, or approve that where one person is not enough."""
    marketplace = marketplace_for(runtime, session.person, Permission.PROMOTE_MODELS)
    return rollback(runtime, marketplace, by=session.person.actor)


@router.post("/api/v1/golden-sets", status_code=201, response_model=GoldenSet)
def post_golden_set(runtime: TheRuntime, session: Freezer) -> StoredSet:
    """Freeze the listings that two analysts judged alike; a person who may retrain may not freeze."""
    marketplace = marketplace_for(runtime, session.person, Permission.FREEZE_GOLDEN_SETS)
    return freeze_golden_set(runtime, marketplace, by=session.person.actor)


@router.get("/api/v1/golden-sets/latest", response_model=GoldenSet, response_model_exclude_unset=True)
def get_golden_set(runtime: TheRuntime, session: ModelReader) -> StoredSet | GoldenSet:
    """The golden set in force; its digest is null where none is."""
    marketplace_id = marketplace_for(runtime, session.person, Permission.SEE_MODELS).marketplace_id
    with runtime.store.read() as connection:
        return golden.in_force(connection, marketplace_id, runtime.clock.now()) or GoldenSet(digest=None)
