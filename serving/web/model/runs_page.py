"""Training runs: inputs, duration, result, and the link to MLflow."""

from types import SimpleNamespace
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission, Person
from serving.guards import ModelReader, TheRuntime
from serving.learning.store import learning
from serving.platform.runtime import Runtime
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.model.model_page import tracked_run
from serving.web.model.training_part import actor_name, job_to_try_again, training_part
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/runs"
_SHOWN: Final = 50


@router.get(PLACE)
def get_runs(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    return respond(request, runs_page(runtime, session.person, scope), session)


def runs_page(runtime: Runtime, person: Person, scope: PlaceScope) -> StaffPage:
    marketplace_id = scope.marketplace_id
    with runtime.store.read() as connection:
        models = {model.digest: model for model in learning.models(connection, marketplace_id, _SHOWN)}
        promotions = learning.promotions(connection, marketplace_id)
        snapshots = learning.snapshots(connection, marketplace_id, _SHOWN)
        runs = []
        for job in learning.jobs(connection, marketplace_id, _SHOWN):
            model = models.get(job.digest or "")
            run = tracked_run(model, runtime.settings) if model else None
            runs.append(SimpleNamespace(job=job, by=actor_name(connection, job.requested_by), model=model, tracked=run))
        return StaffPage(
            "runs.html",
            "/models",
            scope=scope,
            training=training_part(connection, scope, runtime.clock.now()),
            job_to_try_again=job_to_try_again(connection, marketplace_id),
            may_train=marketplace_id in person.marketplaces(Permission.TRAIN_MODELS),
            runs=runs,
            snapshots={snapshot.snapshot_id: snapshot.digest for snapshot in snapshots},
            champion=promotions[0].digest if promotions else "",
            promotions={promotion.digest: promotion for promotion in reversed(promotions)},
        )
