"""Commands on models: train, reproduce, promote, rollback, report and golden sets."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import LOCAL, Permission
from serving.commands.declaring import command
from serving.commands.groups import app, model
from serving.commands.options import Dask, Marketplace, checked_output_path, known_format, settings_with
from serving.commands.registry import ActorOption, CommandScope, Runtime, actor_named, place_named
from serving.commands.showing import EXIT_FAILED, EXIT_REFUSED, complain, local_time, progress_bar, say, unusable_file

_POLL_SECONDS: Final = 0.5
_UNDER_WAY: Final = ("waiting", "running")
_MARKS: Final = {
    "passed": ("pass", typer.colors.GREEN),
    "failed": ("FAIL", typer.colors.RED),
    "not_judged": ("none", typer.colors.YELLOW),
}


@app.command()
def train(
    *,
    data: Annotated[
        Path | None, typer.Option(help="A labelled file; without it, the marketplace's own labels.")
    ] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="The file's format.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write the bundle to, with --data.")] = None,
    register: Annotated[bool, typer.Option(help="Log and register the run in MLflow, with --data.")] = True,
    settings_file: Annotated[
        Path | None,
        typer.Option("--settings", help="File with settings of the fit, as `touchstone tune` writes it, with --data."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of folds and sampling.")] = 0,
    marketplace: Marketplace = None,
    dask: Dask = None,
) -> None:
    """Train a candidate: on the marketplace's labels, or offline on a file."""
    if data is None:
        if settings_file is not None:
            sentence = "name it in TOUCHSTONE_FIT_SETTINGS, so that trainings that the service starts have it too."
            raise typer.BadParameter(sentence, param_hint="--settings")
        if dask is not None:
            sentence = "a service trains on its own machine; name a file in --data."
            raise typer.BadParameter(sentence, param_hint="--dask")
        _retrain(marketplace)
        return
    if format_name is None or out is None:
        raise typer.BadParameter("--data needs --format and --out.")
    _check_replaceable(out)
    _train_on_file(
        data, known_format(format_name), out, register=register, seed=seed, settings_file=settings_file, dask=dask
    )


def _check_replaceable(out: Path) -> None:
    """Refuse a folder with other content than a bundle: the export replaces the whole content of the folder."""
    from models.bundle import MANIFEST

    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        sentence = f"{out} is not a bundle and is not overwritten; name a new folder."
        raise typer.BadParameter(sentence, param_hint="--out")


@command()
def request_training(runtime: Runtime, wait: bool, marketplace: Marketplace = None) -> str:
    """Ask the running service to retrain, or with `wait` retrain here where none runs; returns the job's id."""
    from serving.learning.service import learn
    from serving.scoring.service.bundles import LiveModels

    place = place_named(runtime, marketplace)
    if not wait:
        return learn.request_training(runtime, place, by=LOCAL)
    runtime.services[LiveModels].of(place.marketplace_id)  # Here nothing waits for a champion that is missing.
    with runtime.store.write() as connection:
        job_id = learn.add_job(runtime, connection, place.marketplace_id, by=LOCAL)
    learn.retrain(runtime, place.marketplace_id, job_id)
    return job_id


@command()
def get_job(runtime: Runtime, job_id: str, marketplace: Marketplace = None) -> dict[str, Any]:
    """The state of a retraining."""
    from serving.learning.store import learning

    marketplace_id = place_named(runtime, marketplace).marketplace_id
    with runtime.store.read() as connection:
        job = learning.get_job(connection, marketplace_id, job_id)
        report = learning.get_model(connection, marketplace_id, job.digest).report if job.digest else {"gates": None}
    state = {"state": job.state, "progress": dict(job.progress), "digest": job.digest, "problem": job.error}
    return {**state, "gates": report["gates"]}


def _retrain(marketplace: str | None) -> None:
    from serving.commands.connection import current_connection

    with current_connection() as local:
        job_id = request_training(not local.running, marketplace)
        job = get_job(job_id, marketplace)
        if local.running:
            with progress_bar("training", 1.0) as move:
                while job["state"] in _UNDER_WAY:
                    move(float(job["progress"].get("share", 0)))
                    time.sleep(_POLL_SECONDS)
                    job = get_job(job_id, marketplace)
    if job["state"] == "failed":
        complain(job["problem"])
        raise typer.Exit(EXIT_FAILED)
    say(f"Candidate {job['digest']}")
    if job["problem"]:
        complain(job["problem"])
    for gate in job["gates"]:
        text, colour = _MARKS[gate["state"]]
        stops = " (stops it)" if gate["state"] == "not_judged" and gate["blocks"] else ""
        say(f"  {typer.style(text, fg=colour)}  {gate['name'].replace('_', ' ')}{stops}: {gate['sentence']}")


def _train_on_file(
    file: Path, format_name: str, out: Path, *, register: bool, seed: int, settings_file: Path | None, dask: str | None
) -> None:
    from training.bundle_folder import write_bundle_folder
    from training.fit.settings import DEFAULT_SETTINGS, read_settings
    from training.runs.train_file import train_on_file

    settings, now = settings_with(), datetime.now(UTC)
    with unusable_file(), progress_bar("training", 1.0) as move:
        trained = train_on_file(
            file,
            format_name,
            received_at=now,
            seed=seed,
            threads=settings.training_threads,
            learner=settings.learner,
            settings=read_settings(settings_file) if settings_file else DEFAULT_SETTINGS,
            encoder=settings.encoder,
            dask=dask,
            progress=move,
        )
    write_bundle_folder(out, trained.files, {"report": trained.report, "trained_at": now.isoformat()})
    say(f"Bundle {trained.digest} in {out}")
    if register:
        say(f"MLflow run {_register(settings, out)}")


def _register(settings: Any, bundle: Path) -> str:
    """Log the bundle in the child process, the only one that imports MLflow."""
    from serving.learning.service.publish import offline_registry
    from serving.learning.service.training_child import JOB, run_child
    from serving.platform.home import Home

    home = Home.at(settings.home)
    arguments = ["register", "--bundle", str(bundle), *offline_registry(settings, home)]
    timeout = settings.training_timeout_seconds
    done = run_child(JOB, arguments, cache=home.cache, timeout_seconds=timeout, progress=lambda _line: None)
    return str(done["run_id"])


@command(app, "promote")
def promote_model(
    at: CommandScope,
    digest: Annotated[
        str, typer.Argument(help="A bundle's digest or its beginning; 'challenger' is the newest.")
    ] = "challenger",
    by: Annotated[str | None, typer.Option(help="E-mail of the approver; two different people must approve.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is accepted where it does not pass a gate.")] = "",
    withdrawn: Annotated[bool, typer.Option("--withdraw", help="Withdraw your approval instead.")] = False,
) -> str:
    """Approve a model; the last required approval makes it the champion, without a lost request."""
    from serving.learning.service.promote import approve, withdraw_approval

    actor = actor_named(at.runtime, at.place, by, Permission.PROMOTE_MODELS)
    if withdrawn:
        return f"Approval withdrawn: {withdraw_approval(at.runtime, at.place, digest=digest, by=actor)}"
    approval = approve(at.runtime, at.place, digest=digest, by=actor, reason=reason)
    if approval.in_force:
        return f"Champion {approval.digest}"
    return f"Approved {approval.digest}; approvals still missing: {approval.status.missing}"


@app.command()
def mlflow(port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on.")] = 5000) -> None:
    """Serve MLflow's own pages with the runs of this data directory, to this machine only, until Ctrl-C."""
    from serving.learning.service.publish import mlflow_server, relocate_registry, tracking_server
    from serving.platform.home import Home

    settings = settings_with()
    if (server := tracking_server(settings)) is not None:
        complain(f"The runs are on an MLflow server: open {server}")
        raise typer.Exit(EXIT_REFUSED)
    home = Home.at(settings.home)
    relocate_registry(settings, home)
    say(f"MLflow will answer at http://127.0.0.1:{port}, until Ctrl-C.")
    arguments, environment = mlflow_server(settings, home, port)
    os.execve(arguments[0], arguments, environment)  # noqa: S606  # so that signals reach it and nothing is left


@command(model, "publish")
def publish_model(
    at: CommandScope,
    digest: Annotated[str, typer.Argument(help="A bundle's digest or its beginning, or 'challenger'.")] = "challenger",
) -> str:
    """Register a model in MLflow that was trained while MLflow was down; the service itself tries for a day."""
    from serving.learning.service.publish import publish
    from serving.learning.service.rescore import model_named

    stored_model = model_named(at.runtime, at.place, digest)
    return f"MLflow version {publish(at.runtime, at.marketplace_id, stored_model.digest)} of {stored_model.digest}"


@command(app, "rollback")
def rollback_model(at: CommandScope, reason: Annotated[str, typer.Option(help="Why.")] = "") -> str:
    """Restore the previous champion, or approve that where one person is not enough."""
    from serving.learning.service.promote import rollback

    done = rollback(at.runtime, at.place, by=at.actor, reason=reason)
    if done.in_force:
        return f"Champion {done.digest}"
    return f"Approved a rollback to {done.digest}; approvals still missing: {done.status.missing}"


def _write_card(
    digest_and_card: list[str],
    out: Annotated[Path, typer.Option(callback=checked_output_path, help="HTML file to write.")],
) -> None:
    digest, card = digest_and_card
    out.write_text(card, encoding="utf-8")
    say(f"Model card of {digest[:12]} in {out}")


@command(model, "card", show=_write_card)
def get_model_card(
    at: CommandScope,
    digest: Annotated[
        str, typer.Argument(help="A model's digest or its beginning, 'challenger' or 'champion'.")
    ] = "champion",
) -> list[str]:
    """Write a model's card as one self-contained HTML file."""
    from serving.learning.service.rescore import model_named
    from serving.web.model.report_file import report_html

    stored_model = model_named(at.runtime, at.place, digest)
    return [stored_model.digest, report_html(stored_model, marketplace=at.place.name, now=datetime.now(UTC))]


# Golden sets.

FREEZER: Final = ActorOption("E-mail of the administrator who freezes it.", Permission.FREEZE_GOLDEN_SETS)


def _print_golden_set(golden: dict[str, Any] | None) -> None:
    if golden is None:
        say("No golden set is frozen.")
        return
    say(f"Golden set {golden['digest']}")
    say(f"{golden['items']} listings, {golden['positives']} counterfeit")
    say(f"frozen at {local_time(golden['frozen_at'])} by {golden['frozen_by']}")


@command(model, "golden", by=FREEZER, show=_print_golden_set)
def golden_set(
    at: CommandScope,
    freeze: Annotated[
        bool,
        typer.Option(
            "--freeze",
            help="Freeze the listings that two analysts judged alike; their sellers' listings never train again.",
        ),
    ] = False,
) -> dict[str, Any] | None:
    """Show the golden set in force, which measures models, or freeze another."""
    from serving.learning.service.golden import freeze_golden_set
    from serving.learning.store.golden import in_force

    if freeze:
        freeze_golden_set(at.runtime, at.place, by=at.actor)
    with at.runtime.store.read() as connection:
        golden = in_force(connection, at.marketplace_id, at.runtime.clock.now())
    if golden is None:
        return None
    counted = {"digest": golden.digest, "items": golden.items, "positives": golden.positives}
    return {**counted, "frozen_at": golden.frozen_at.isoformat(), "frozen_by": golden.frozen_by}


@model.command()
def reproduce(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="The id of an MLflow run, or a bundle's digest or its beginning.")
    ],
) -> None:
    """Train again what a run recorded, and compare the bundles. Nothing is registered or promoted."""
    comparison = _reproduce_run(run)
    if comparison["digest"] == comparison["recorded"]:
        say(f"Same digest {comparison['digest']} as run {comparison['run_id']}")
        say(f"  {difference}" for difference in comparison["differences"])
        return
    now = comparison["digest"] or "no bundle, because this version has other features"
    say(f"Another digest: run {comparison['run_id']} has {comparison['recorded']}, now {now}")
    say(f"  {difference}" for difference in comparison["differences"] or ["no recorded input differs"])
    raise typer.Exit(EXIT_FAILED)


def _reproduce_run(run: str) -> dict[str, Any]:
    from serving.learning.service.publish import offline_registry
    from serving.learning.service.training_child import REPRODUCTION, run_child
    from serving.platform.home import Home

    settings = settings_with()
    home = Home.at(settings.home)
    arguments = ["--run", run, "--snapshots", str(home.snapshots), "--threads", str(settings.training_threads)]
    with progress_bar("training", 1.0) as move:
        return run_child(
            REPRODUCTION,
            [*arguments, *offline_registry(settings, home)],
            cache=home.cache,
            timeout_seconds=settings.training_timeout_seconds,
            progress=lambda line: move(line["share"]),
        )
