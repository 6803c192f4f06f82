"""Training runs: inputs, duration, result, and the link to MLflow; any two of them side by side."""

from collections.abc import Callable, Collection
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.accounts.rules.access import Permission, Person
from serving.guards import ModelReader, TheRuntime
from serving.learning.store import learning, links
from serving.learning.store.learning import Job, Model
from serving.platform.runtime import Runtime
from serving.scoring.service.bundles import BundleStore
from serving.web.at_marketplace import PlaceScope, scope_of
from serving.web.forms import LONGEST_ID
from serving.web.model.model_page import tracked_run
from serving.web.model.run_comparison import artifact_rows, compare
from serving.web.model.training_part import actor_name, job_to_try_again, training_part
from serving.web.rendering import StaffPage, respond

router = APIRouter(include_in_schema=False)
PLACE: Final = "/models/runs"
_SHOWN: Final = 50
_COMPARED: Final = 2
_NONE: Final = "none"  # No digest and no run's id.
# What a click on a column's head sorts by; missing values come last in either order.
_SORTS: Final[dict[str, Callable[[Any], Any]]] = {
    "requested": lambda run: run.job.created_at,
    "state": lambda run: run.job.state,
    "duration": lambda run: run.job.finished_at and run.job.finished_at - run.job.created_at,
    "snapshot": lambda run: run.job.snapshot_id,
    "gates": lambda run: run.passed / run.gates if run.gates else None,
    "ap": lambda run: run.ap,
}


@router.get(PLACE)
def get_runs(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    page = runs_page(runtime, session.person, scope, sort=request.query_params.get("sort", ""))
    return respond(request, page, session)


@router.get(f"{PLACE}/compare")
def get_comparison(request: Request, runtime: TheRuntime, session: ModelReader) -> HTMLResponse:
    """The runs that are ticked, if they are two; the list and what is missing otherwise."""
    scope = scope_of(runtime, session.person, Permission.SEE_MODELS, request.query_params)
    ticked = {job_id[:LONGEST_ID] for job_id in request.query_params.getlist("run")}
    if len(ticked) == _COMPARED:
        return respond(request, comparison_page(runtime, scope, ticked), session)
    return respond(request, runs_page(runtime, session.person, scope, ticked=ticked), session, status=422)


def runs_page(
    runtime: Runtime, person: Person, scope: PlaceScope, *, sort: str = "", ticked: Collection[str] | None = None
) -> StaffPage:
    """The content of the list; `ticked` are the runs that were ticked, if they were not two."""
    marketplace_id = scope.marketplace_id
    sort = sort if sort.removeprefix("-") in _SORTS else "-requested"
    with runtime.store.read() as connection:
        models = {model.digest: model for model in learning.models(connection, marketplace_id, _SHOWN)}
        promotions = learning.promotions(connection, marketplace_id)
        snapshots = learning.snapshots(connection, marketplace_id, _SHOWN)
        runs = [
            _run(runtime, job, actor_name(connection, job.requested_by), models.get(job.digest or ""))
            for job in learning.jobs(connection, marketplace_id, _SHOWN)
        ]
        return StaffPage(
            "runs.html",
            "/models",
            scope=scope,
            training=training_part(connection, scope, runtime.clock.now()),
            job_to_try_again=job_to_try_again(connection, marketplace_id),
            may_train=marketplace_id in person.marketplaces(Permission.TRAIN_MODELS),
            runs=_sorted(runs, sort),
            sort=sort,
            ticked=ticked,
            snapshots={snapshot.snapshot_id: snapshot.digest for snapshot in snapshots},
            champion=promotions[0].digest if promotions else "",
            promotions={promotion.digest: promotion for promotion in reversed(promotions)},
        )


def _run(runtime: Runtime, job: Job, by: str, model: Model | None) -> SimpleNamespace:
    judged = model.report["judged"].get("candidate") if model else None
    gates = model.report["gates"] if model else ()
    return SimpleNamespace(
        job=job,
        by=by,
        model=model,
        tracked=tracked_run(model, runtime.settings) if model else None,
        gates=len(gates),
        passed=sum(gate["passed"] for gate in gates),
        ap=judged["ap"] if judged else None,
    )


def _sorted(runs: list[SimpleNamespace], sort: str) -> list[SimpleNamespace]:
    key = _SORTS[sort.removeprefix("-")]
    known = sorted((run for run in runs if key(run) is not None), key=key, reverse=sort.startswith("-"))
    return [*known, *(run for run in runs if key(run) is None)]


def comparison_page(runtime: Runtime, scope: PlaceScope, job_ids: Collection[str]) -> StaffPage:
    """Two runs with models, the older one first. Raises NotFound (no such run, or it has no model)."""
    with runtime.store.read() as connection:
        jobs = [learning.get_job(connection, scope.marketplace_id, job_id) for job_id in job_ids]
        jobs.sort(key=lambda job: (job.created_at, job.job_id))
        models = [learning.get_model(connection, scope.marketplace_id, job.digest or _NONE) for job in jobs]
        names = [actor_name(connection, job.requested_by) for job in jobs]
        snapshots = links.snapshot_ids(connection, scope.marketplace_id, [str(m.report["snapshot"]) for m in models])
    return StaffPage(
        "run_comparison.html",
        "/models",
        scope=scope,
        runs=[_run(runtime, *run) for run in zip(jobs, names, models, strict=True)],
        snapshots=snapshots,
        compared=compare(models[0].report, models[1].report, models[0].digest),
        artifacts=artifact_rows(*(_files(runtime, model) for model in models)),
    )


def _files(runtime: Runtime, model: Model) -> dict[str, Path]:
    """Files and folders of a run in the data directory; MLflow's are there unless it is a server."""
    return {
        "bundle": runtime.services[BundleStore].folder(model.digest),
        "snapshot.parquet": runtime.home.snapshots / f"{model.report['snapshot']}.parquet",
        "mlflow": runtime.home.mlflow / "artifacts" / (model.mlflow_run_id or _NONE) / "artifacts",
    }
