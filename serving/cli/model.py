"""Commands on models: train, promote, rollback, report."""

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.cli.data import known_format, progress_bar, unusable_file
from serving.cli.people import Marketplace, call
from serving.cli.run import a_place_for_a_file, settings_with

app = typer.Typer()
EXIT_FAILED = 1
_POLL_SECONDS = 0.5


@app.command()
def train(
    data: Annotated[
        Path | None, typer.Option(help="A labelled file; without it, the marketplace's own labels.")
    ] = None,
    format_name: Annotated[str | None, typer.Option("--format", help="The file's format.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write the bundle to, with --data.")] = None,
    register: Annotated[bool, typer.Option(help="Log and register the run in MLflow, with --data.")] = True,
    seed: Annotated[int, typer.Option(min=0, help="Decides folds and sampling.")] = 0,
    marketplace: Marketplace = None,
) -> None:
    """Train a candidate: on the marketplace's labels, or offline on a file."""
    if data is None:
        _retrain(marketplace)
        return
    if format_name is None or out is None:
        raise typer.BadParameter("--data needs --format and --out.")
    _may_be_replaced(out)
    _train_on_file(data, known_format(format_name), out, register=register, seed=seed)


def _may_be_replaced(out: Path) -> None:
    """Refuse a folder that holds anything but a bundle: what is written there takes the place of all that is in it."""
    from models.bundle import MANIFEST

    if out.exists() and not (out / MANIFEST).is_file() and not (out.is_dir() and not any(out.iterdir())):
        sentence = f"{out} is no bundle and is not replaced by one; name a new folder."
        raise typer.BadParameter(sentence, param_hint="--out")


def _retrain(marketplace: str | None) -> None:
    from serving.local.client import connect

    with connect(settings_with()) as local:
        found = local.call("train", wait=not local.running, marketplace=marketplace)
        if local.running:
            with progress_bar("training", 1.0) as move:
                while (found := local.call("get_job", job_id=found["job_id"], marketplace=marketplace))["state"] in {
                    "waiting",
                    "running",
                }:
                    move(float(found["progress"].get("share", 0)))
                    time.sleep(_POLL_SECONDS)
    if found["state"] == "failed":
        typer.secho(found["error"], err=True, fg=typer.colors.RED)
        raise typer.Exit(EXIT_FAILED)
    _print_gates(found["digest"], found["gates"])


_MARKS = {
    "passed": ("pass", typer.colors.GREEN),
    "failed": ("FAIL", typer.colors.RED),
    "not_judged": ("none", typer.colors.YELLOW),
}


def _print_gates(digest: str, gates: list[dict[str, Any]]) -> None:
    typer.echo(f"Candidate {digest}")
    for gate in gates:
        text, colour = _MARKS[gate["state"]]
        stops = " (stops it)" if gate["state"] == "not_judged" and gate["blocks"] else ""
        typer.echo(f"  {typer.style(text, fg=colour)}  {gate['name'].replace('_', ' ')}{stops}: {gate['sentence']}")


def _train_on_file(data: Path, format_name: str, out: Path, *, register: bool, seed: int) -> None:
    from datetime import UTC, datetime

    from training.bundle_folder import write_bundle_folder
    from training.train_file import train_on_file

    settings, now = settings_with(), datetime.now(UTC)
    with unusable_file(), progress_bar("training", 1.0) as move:
        trained = train_on_file(
            data, format_name, received_at=now, seed=seed, threads=settings.training_threads, progress=move
        )
    write_bundle_folder(out, trained.files, {"report": trained.report, "trained_at": now.isoformat()})
    typer.echo(f"Bundle {trained.digest} in {out}")
    if register:
        typer.echo(f"MLflow run {_register(settings, out)}")


def _register(settings: Any, bundle: Path) -> str:
    """Log the bundle in the child that alone imports MLflow."""
    from serving.learning.service.training_child import JOB, run_child
    from serving.platform.home import Home

    home = Home.at(settings.home)
    uri = settings.mlflow_tracking_uri or f"sqlite:///{home.mlflow / 'mlflow.db'}"
    place = [] if settings.mlflow_tracking_uri else ["--artifacts", str(home.mlflow / "artifacts")]
    arguments = [
        "register",
        "--bundle",
        str(bundle),
        "--model-name",
        "touchstone-offline",
        "--tracking-uri",
        uri,
        *place,
    ]
    timeout = settings.training_timeout_seconds
    done = run_child(JOB, arguments, cache=home.cache, timeout_seconds=timeout, progress=lambda _line: None)
    return str(done["run_id"])


@app.command()
def promote(
    digest: Annotated[
        str, typer.Argument(help="A bundle's digest or its beginning; 'challenger' is the newest.")
    ] = "challenger",
    by: Annotated[str | None, typer.Option(help="E-mail of whoever approves; two different people must.")] = None,
    reason: Annotated[str, typer.Option(help="Why it is accepted where a gate is not passed.")] = "",
    take_back: Annotated[bool, typer.Option("--take-back", help="Take the approval back instead.")] = False,
    marketplace: Marketplace = None,
) -> None:
    """Approve a model; with the last approval that is needed it is the champion, and no request is lost."""
    arguments = {"digest": digest, "by": by, "reason": reason, "take_back": take_back, "marketplace": marketplace}
    found = call("promote_model", **arguments)
    if take_back:
        typer.echo(f"Taken back: {found['digest']}")
    elif found["in_force"]:
        typer.echo(f"Champion {found['digest']}")
    else:
        typer.echo(f"Approved {found['digest']}; approvals still missing: {found['approvals_missing']}")


@app.command()
def rollback(reason: Annotated[str, typer.Option(help="Why.")] = "", marketplace: Marketplace = None) -> None:
    """Bring the champion before the present one back."""
    typer.echo(f"Champion {call('rollback_model', reason=reason, marketplace=marketplace)['champion']}")


@app.command()
def report(
    out: Annotated[Path, typer.Option(callback=a_place_for_a_file, help="HTML file to write.")],
    digest: Annotated[
        str, typer.Argument(help="A model's digest or its beginning, 'challenger' or 'champion'.")
    ] = "champion",
    marketplace: Marketplace = None,
) -> None:
    """Write a model's card as one HTML file that needs nothing beside it."""
    from datetime import UTC, datetime

    from serving.learning.store.learning import Model
    from serving.web.model.report_file import report_html

    found = call("get_model", digest=digest, marketplace=marketplace)
    name = found.pop("marketplace")
    model = Model(**{**found, "created_at": datetime.fromisoformat(found["created_at"])})
    out.write_text(report_html(model, marketplace=name, now=datetime.now(UTC)), encoding="utf-8")
    typer.echo(f"Model card of {model.digest[:12]} in {out}")
