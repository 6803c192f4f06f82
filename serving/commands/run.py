"""Commands that run something: serve, worker, migrate, demo, reference-marketplace."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from models.errors import DomainError
from serving.commands.options import checked_output_path, settings_with
from serving.commands.showing import EXIT_REFUSED

if TYPE_CHECKING:
    from serving.platform.settings import Settings

app = typer.Typer()

Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port to listen on.")]


@app.command()
def serve(port: Port = None, host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None) -> None:
    """Serve the API and the pages, and run the jobs."""
    from serving.service import serve as run_service

    settings = settings_with(port=port, host=host)
    with _with_logging(settings):
        run_service(settings, ready=lambda address: _say_ready(settings, address))


@app.command()
def worker(
    worker_id: Annotated[str, typer.Option("--id", help="Stable name; take over a lost worker by its name.")],
) -> None:
    """Run jobs beside other processes, on PostgreSQL."""
    from serving.service import run_worker

    settings = settings_with(worker_id=worker_id)
    with _with_logging(settings):
        run_worker(settings)


@contextmanager
def _with_logging(settings: "Settings") -> Iterator[None]:
    """Log what a long-running process says; with JSON its refusal to start too."""
    from serving.platform.logs import configure_logs

    configure_logs(settings)
    try:
        yield
    except DomainError as refused:
        if settings.log_format == "text":
            raise
        structlog.get_logger().critical("process.refused", code=refused.code, sentence=refused.sentence)
        raise typer.Exit(EXIT_REFUSED) from None


def _say_ready(settings: "Settings", address: str) -> None:
    if settings.log_format == "text":
        typer.echo(f"Touchstone answers at {address}")
    else:
        structlog.get_logger().info("service.ready", address=address)


@app.command()
def migrate() -> None:
    """Bring the database to this version's schema."""
    from serving.migrations.migrate import migrate as run_migrations
    from serving.platform.database.engine import is_sqlite, sqlite_url
    from serving.platform.home import Home

    settings = settings_with()
    home = Home.at(settings.home)
    url = settings.database_url or sqlite_url(home.database)
    if is_sqlite(url):
        with home.owned():
            run_migrations(url)
    else:
        run_migrations(url)
    typer.echo("The database is at this version's schema.")


@app.command("reference-marketplace")
def reference_marketplace(port: Port = None) -> None:
    """Receive webhooks as a marketplace would: verify, acknowledge, apply each once."""
    from serving.platform.home import Home
    from serving.reference_marketplace import EFFECTS, run

    home = Home.at(settings_with().home)
    run(home, port, ready=lambda address: typer.echo(f"Receiving at {address}, effects in {home.root / EFFECTS}"))


@app.command()
def demo(
    *,
    listings: Annotated[
        int, typer.Option(min=1_000, max=200_000, help="Number of listings that the marketplace sends.")
    ] = 3_000,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare both models on listings of unseen sellers.")
    ] = False,
    unseen: Annotated[
        int, typer.Option(min=1_000, max=1_000_000, help="Number of listings of unseen sellers in the comparison.")
    ] = 20_000,
    days: Annotated[int, typer.Option(min=60, max=360, help="Days over which it sends them.")] = 180,
    seed: Annotated[
        int, typer.Option(min=0, help="The seed of the whole run: the same one gives the same figures.")
    ] = 0,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=checked_output_path, help="Write the figures here.")
    ] = None,
    port: Port = None,
    stay: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the pages afterwards.")] = True,
    reset: Annotated[bool, typer.Option(help="Empty the data directory first.")] = False,
    database: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An empty PostgreSQL database; default: SQLite in the data directory."),
    ] = None,
) -> None:
    """Run a simulated marketplace through the whole loop, then serve its pages."""
    from serving.demo.run import DemoOptions, run
    from serving.platform.home import Home

    if database is not None:
        os.environ["TOUCHSTONE_DATABASE_URL"] = database  # Of this process and of the service that it starts.
    home = Home.at(settings_with().home)
    raise typer.Exit(run(home, DemoOptions(listings, unseen, compare, days, seed, port, reset, stay, json_file)))


_LOCAL_ADDRESS = "http://127.0.0.1:8321"


@app.command()
def openapi(
    output: Annotated[
        Path | None,
        typer.Option("--out", callback=checked_output_path, help="Write it here; default: standard output."),
    ] = None,
) -> None:
    """Print the contract of the API as OpenAPI. It needs no data directory and no service."""
    from fastapi import FastAPI

    from serving import api
    from serving.api.contract.document import contract_of
    from serving.guards import install_package

    routes = FastAPI(openapi_url=None)
    install_package(routes, api)
    text = json.dumps(
        contract_of(routes.routes, settings_with().public_url or _LOCAL_ADDRESS), indent=2, ensure_ascii=False
    )
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
