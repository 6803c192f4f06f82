"""The model page: champion and challenger, gates, and the forms to promote, roll back and retrain."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import Connection

from models.policies.learning import LabelPolicy
from serving.accounts.rules.access import Permission, Person
from serving.guards import ModelReader, Promoter, TheRuntime, Trainer
from serving.learning.policy import PromotionPolicy
from serving.learning.service.labelling import label_state
from serving.learning.service.learn import request_training, retry_load
from serving.learning.service.promote import (
    approval_status_of,
    approve,
    can_roll_back_alone,
    challenger,
    rollback,
    who_can_approve,
    withdraw_approval,
)
from serving.learning.service.publish import tracking_server
from serving.learning.store import approvals, learning, links
from serving.learning.store.learning import Model, Promotion
from serving.listings.store import scores
from serving.operations.service.breaker import close_breaker
from serving.platform.runtime import Runtime
from serving.platform.settings import Settings
from serving.scoring.store import breakers
from serving.web.at_marketplace import PlaceScope, scope_of, scope_of_form
from serving.web.flash import Flash, go_to
from serving.web.forms import LONGEST_DIGEST, LONGEST_REASON, Fields
from serving.web.model.model_report import report_of
from serving.web.model.notices_part import notices_of
from serving.web.model.threshold_part import threshold_part
from serving.web.model.training_part import actor_name, job_to_try_again, training_part
from serving.web.model.trial_part import RefusedShare, trial_part
from serving.web.rendering import StaffPage, respond, respond_part

router = APIRouter(include_in_schema=False)
_PAST_SHOWN: Final = 6
_LATELY: Final = 7


@dataclass(frozen=True, slots=True)
class TrackedRun:
    """Where to find a model's run in MLflow; without a link, `touchstone mlflow` shows it on the service's machine."""

    run_id: str
    version: str
    link: str | None


@router.get("/models")
def get_models(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, models_page(runtime, session.person, scope, query_params=request.query_params), session)


def models_page(
    runtime: Runtime,
    person: Person,
    scope: PlaceScope,
    *,
    query_params: Mapping[str, str] | None = None,
    refused: RefusedShare | None = None,
) -> StaffPage:
    """The content of the page; `query_params` may have thresholds whose figures it shows."""
    place, marketplace_id, now = scope.chosen, scope.marketplace_id, runtime.clock.now()
    contender = challenger(runtime, place)
    with runtime.store.read() as connection:
        past = learning.promotions(connection, marketplace_id)
        champion = learning.get_model(connection, marketplace_id, past[0].digest) if past else None
        # Counting labels reads every verdict, so it happens only if the page says whether a first training can begin.
        counted = contender is None and champion is None
        labels = label_state(connection, marketplace_id, runtime.policies[LabelPolicy], now) if counted else None
        a_day = _flagged_a_day(connection, marketplace_id, champion, now) if champion and contender is None else ()
        breaker = breakers.breaker_of(connection, marketplace_id)
        reader = person.actor
        on_trial = trial_part(runtime, connection, marketplace_id, reader=reader, refused=refused)
        training, again = training_part(connection, scope, now), job_to_try_again(connection, marketplace_id)
        changes = _past_promotions(connection, marketplace_id, past[:_PAST_SHOWN])
        approved = approvals_of(runtime, connection, marketplace_id, contender, reader=reader) if contender else None
        model = contender or champion
        snapshot_ids = links.snapshot_ids(connection, marketplace_id, [str(model.report["snapshot"])]) if model else {}
        daily = _listings_a_day(connection, marketplace_id, champion, now) if champion else None
        notices = notices_of(runtime, connection, marketplace_id, model)
        earlier = [promotion.digest for promotion in past if promotion.digest != past[0].digest]
        rollback_approvals = None
        if earlier and not can_roll_back_alone(runtime, connection, marketplace_id, reader):
            back = learning.get_model(connection, marketplace_id, earlier[0])
            rollback_approvals = approvals_of(runtime, connection, marketplace_id, back, reader=reader)
    shown = report_of(model, a_day) if model else None
    return StaffPage(
        "models.html",
        "/models",
        scope=scope,
        champion=champion,
        is_challenge=contender is not None,
        beside_is_champion=bool(shown and champion and shown.beside == champion.digest[:10]),
        shown=shown,
        snapshot_id=next(iter(snapshot_ids.values()), ""),
        thresholds=threshold_part(model.report, query_params or {}, daily) if model else None,
        notices=notices,
        tracked=tracked_run(model, runtime.settings) if model else None,
        trained=model.created_at if model else None,
        trial=on_trial,
        approvals=approved,
        labels=labels,
        breaker=breaker,
        training=training,
        job_to_try_again=again,
        past=changes,
        earlier=earlier[0] if earlier else "",
        rollback=rollback_approvals,
        may_train=marketplace_id in person.marketplaces(Permission.TRAIN_MODELS),
        may_promote=marketplace_id in person.marketplaces(Permission.PROMOTE_MODELS),
    )


def _flagged_a_day(connection: Connection, marketplace_id: str, champion: Model, now: datetime) -> tuple[float, ...]:
    """The daily number of listings that the champion flagged in the last week; empty if it scored none."""
    thresholds = champion.report["thresholds"]
    names = ("ask_brand_from", "analyst_from")
    *flagged_counts, total = scores.flagged_counts(
        connection, marketplace_id, champion.digest, [thresholds[name] for name in names], now - timedelta(days=_LATELY)
    )
    return tuple(number / _LATELY for number in flagged_counts) if total else ()


def _listings_a_day(connection: Connection, marketplace_id: str, champion: Model, now: datetime) -> float | None:
    """The daily number of listings that the champion scored in the last week; None if it scored none."""
    (total,) = scores.flagged_counts(connection, marketplace_id, champion.digest, (), now - timedelta(days=_LATELY))
    return total / _LATELY if total else None


def _past_promotions(
    connection: Connection, marketplace_id: str, promotions: list[Promotion]
) -> list[tuple[str, Promotion]]:
    """The promotions, each with the names of those who approved it."""
    approved = approvals.used_by_promotion(connection, marketplace_id)
    return [
        (
            " and ".join(actor_name(connection, approval.by) for approval in approved.get(promotion.promotion_id, ()))
            or actor_name(connection, promotion.promoted_by),
            promotion,
        )
        for promotion in promotions
    ]


def tracked_run(model: Model, settings: Settings) -> TrackedRun | None:
    """Where to find its run in MLflow; None if it was not tracked."""
    if model.mlflow_run_id is None:
        return None
    pages = tracking_server(settings) or settings.mlflow_ui_url
    link = f"{pages.rstrip('/')}/#/runs/{model.mlflow_run_id}" if pages else None
    return TrackedRun(model.mlflow_run_id, model.mlflow_version or "", link)


@router.get("/models/training")
def get_training(request: Request, runtime: TheRuntime, session: ModelReader) -> Response:
    """The state of the retraining. The page polls it only while one runs, so an ended one reloads the page."""
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    with runtime.store.read() as connection:
        part = training_part(connection, scope, runtime.clock.now())
    response = respond_part(request, part, session)
    if not part.active:
        response.headers["HX-Refresh"] = "true"
    return response


@router.post("/models/train")
def post_train(request: Request, runtime: TheRuntime, session: Trainer, fields: Fields) -> Response:
    """Request a retraining, or another attempt at the bundle of a training that was kept."""
    scope = scope_of_form(runtime, session.person, Permission.TRAIN_MODELS, fields)
    by = session.person.actor
    if job_id := fields.get("job"):
        retry_load(runtime, scope.chosen, job_id, by=by)
    else:
        request_training(runtime, scope.chosen, by=by)
    return go_to(request, scope.at("/models"), Flash.RETRAINING)


@router.post("/models/promote")
def post_promote(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Approve the model that was shown; the last required approval promotes it."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    reason, digest = fields.get("reason", "")[:LONGEST_REASON], fields.get("digest", "")[:LONGEST_DIGEST]
    done = approve(runtime, scope.chosen, digest=digest, by=session.person.actor, reason=reason)
    return go_to(request, scope.at("/models"), Flash.PROMOTED if done.in_force else Flash.APPROVED)


@router.post("/models/withdraw")
def post_withdraw(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Withdraw the user's approval."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    withdraw_approval(runtime, scope.chosen, digest=fields.get("digest", "")[:LONGEST_DIGEST], by=session.person.actor)
    return go_to(request, scope.at("/models"), Flash.APPROVAL_WITHDRAWN)


@router.post("/models/rollback")
def post_rollback(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Roll back to the previous champion."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    reason = fields.get("reason", "")[:LONGEST_REASON]
    done = rollback(runtime, scope.chosen, by=session.person.actor, reason=reason)
    return go_to(request, scope.at("/models"), Flash.ROLLED_BACK if done.in_force else Flash.APPROVED)


@router.post("/models/breaker")
def post_close_breaker(request: Request, runtime: TheRuntime, session: Promoter, fields: Fields) -> Response:
    """Close the circuit breaker, so that the model asks brands again."""
    scope = scope_of_form(runtime, session.person, Permission.PROMOTE_MODELS, fields)
    reason = fields.get("reason", "")[:LONGEST_REASON]
    close_breaker(runtime, scope.chosen, by=session.person.actor, reason=reason)
    return go_to(request, scope.at("/models"), Flash.BREAKER_CLOSED)


def approvals_of(
    runtime: Runtime, connection: Connection, marketplace_id: str, model: Model, *, reader: str
) -> SimpleNamespace:
    stands = approval_status_of(runtime, connection, marketplace_id, model)
    waiting_approvals = approvals.unused_approvals(connection, marketplace_id, model.digest)
    able = who_can_approve(connection, marketplace_id, stands)
    return SimpleNamespace(
        given=tuple(
            SimpleNamespace(
                by=actor_name(connection, waiting_approval.approval.by),
                at=waiting_approval.approved_at,
                reason=waiting_approval.approval.reason,
                counts=waiting_approval.approval in stands.counted,
                same_person=waiting_approval.approval.by in stands.doubled,
            )
            for waiting_approval in waiting_approvals
        ),
        needed=runtime.policies[PromotionPolicy].approvals_needed,
        missing=stands.missing,
        mine=any(approval.by == reader for approval in stands.counted) or reader in stands.doubled,
        able=tuple(sorted(able.values())),
        may=reader in able,
    )
