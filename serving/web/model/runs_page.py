"""Training runs: inputs, duration, result, and the link to MLflow."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import Connection

from serving.accounts.rules.access import Permission, Person
from serving.accounts.store.accounts import Session
from serving.guards import may, runtime_of
from serving.learning.store import learning
from serving.learning.store.learning import Job, Model
from serving.platform.runtime import Runtime
from serving.web import text_view
from serving.web.at_marketplace import AtMarketplace, PlaceScope, scope_of
from serving.web.model.model_page import Tracked, tracked
from serving.web.model.training_part import TrainingPart, job_to_try_again, training_part, who
from serving.web.rendering import respond
from serving.web.text_view import Shown
from serving.web.wording import words

router = APIRouter(include_in_schema=False)
Reader = Annotated[Session, may(Permission.SEE_MODELS)]
PLACE: Final = "/models/runs"
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class RunRow:
    """A retraining; fields that it did not reach are empty."""

    asked: str
    by: str
    state: str
    took: str
    snapshot: str
    snapshot_id: str
    model: str
    card: str
    gates: str
    all_pass: bool
    precision: str
    in_force: str
    digest: str
    tracked: Tracked | None
    error: Shown


@dataclass(frozen=True, slots=True)
class RunsPage(AtMarketplace):
    """The page."""

    template: ClassVar[str] = "runs.html"
    place: ClassVar[str] = "/models"

    training: TrainingPart
    job_to_try_again: str
    may_train: bool
    runs: tuple[RunRow, ...]


@router.get(PLACE)
def get_runs(request: Request, session: Reader) -> HTMLResponse:
    """The page."""
    runtime = runtime_of(request)
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, runs_page(runtime, session.person, scope), session)


def runs_page(runtime: Runtime, person: Person, scope: PlaceScope) -> RunsPage:
    """The content of the page."""
    here, now = scope.marketplace_id, runtime.clock.now()
    with runtime.store.read() as connection:
        models = {one.digest: one for one in learning.models(connection, here, _SHOWN)}
        digests = {one.snapshot_id: one.digest for one in learning.snapshots(connection, here, _SHOWN)}
        promoted = _promoted(connection, here, now)
        runs = tuple(
            _row(job, who(connection, job.requested_by), models.get(job.digest or ""), digests, promoted, now)
            for job in learning.jobs(connection, here, _SHOWN)
        )
        runs = tuple(
            replace(run, tracked=tracked(models[run.digest], runtime.settings)) if run.digest else run for run in runs
        )
        training, again = training_part(connection, scope, now), job_to_try_again(connection, here)
    return RunsPage(
        scope=scope,
        training=training,
        job_to_try_again=again,
        may_train=here in person.marketplaces(Permission.TRAIN_MODELS),
        runs=runs,
    )


def _promoted(connection: Connection, here: str, now: datetime) -> dict[str, str]:
    """When each model last became champion, and which one is champion now."""
    found = learning.promotions(connection, here)
    payload: dict[str, str] = {}
    for one in found:
        payload.setdefault(one.digest, f"from {words.moment(one.promoted_at, now)}")
    return payload | ({found[0].digest: f"champion since {words.moment(found[0].promoted_at, now)}"} if found else {})


def _row(
    job: Job, by: str, model: Model | None, digests: dict[str, str], promoted: dict[str, str], now: datetime
) -> RunRow:
    gates: list[dict[str, Any]] = list(model.report["gates"]) if model else []
    passed = sum(bool(gate["passed"]) for gate in gates)
    judged = model.report["judged"].get("candidate") if model else None
    return RunRow(
        asked=words.moment(job.created_at, now),
        by=by,
        state=job.state,
        took=words.duration((job.finished_at - job.created_at).total_seconds()) if job.finished_at else "",
        snapshot=digests.get(job.snapshot_id or "", "")[:10],
        snapshot_id=job.snapshot_id or "",
        model=model.digest[:10] if model else "",
        card=f"/models/cards/{model.digest}" if model else "",
        gates=f"{passed} of {len(gates)}" if gates else "",
        all_pass=bool(gates) and passed == len(gates),
        precision=words.figure(judged["ap"]) if judged else "",
        in_force=promoted.get(model.digest, "") if model else "",
        digest=model.digest if model else "",
        tracked=None,
        error=text_view.show(job.error or ""),
    )
