"""Commands that write what the law and the brands are owed: statements of reasons and what follows from them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any, Final

import typer

from serving.cli.people import Marketplace
from serving.cli.run import a_place_for_a_file, settings_with

if TYPE_CHECKING:
    from serving.local.client import Local

app = typer.Typer()
export = typer.Typer(help="Transparency: statements of reasons, logs and aggregates.", no_args_is_help=True)
app.add_typer(export, name="export")

Out = Annotated[Path, typer.Option("--out", callback=a_place_for_a_file, help="The file to write.")]
Since = Annotated[str | None, typer.Option(help="From this day or moment on; without it, from the beginning.")]
Until = Annotated[str | None, typer.Option(help="Up to this day or moment, which is not included; now if not said.")]
_AT_ONCE: Final = 1_000
EXIT_INCOMPLETE: Final = 1


@export.command("statements")
def export_statements(
    out: Out,
    since: Since = None,
    until: Until = None,
    *,
    batches: Annotated[
        bool, typer.Option(help="A line is a body of at most 100 statements, as POST /api/v1/statements takes it.")
    ] = False,
    amended: Annotated[
        bool, typer.Option(help="Only what was reversed in this time and told before it, as it reads now.")
    ] = False,
    marketplace_name: Marketplace = None,
) -> None:
    """Write a DSA statement of reasons for each removal that the marketplace carried out, one a line."""
    from serving.local.client import connect

    wanted = {"since": since, "until": until, "marketplace": marketplace_name}
    if amended and since is None:
        raise typer.BadParameter("say with --since from when on it was reversed.", param_hint="--amended")
    refused: list[str] = []
    outstanding = written = 0
    with connect(settings_with()) as local, a_new_file(out) as file:
        for page in _pages(local, "list_amendments" if amended else "list_statements", wanted):
            _write(file, page["statements"], batches=batches)
            written += len(page["statements"])
            refused += page["refused"]
            outstanding = page["outstanding"]
    typer.echo(f"{written:,} statements in {out}.")
    if outstanding:
        typer.echo(f"{outstanding:,} removals have not been acknowledged by the marketplace yet; they have none.")
    for sentence in refused:
        typer.secho(sentence, err=True, fg=typer.colors.RED)
    if refused:
        raise typer.Exit(EXIT_INCOMPLETE)


@export.command("brand")
def export_brand(brand: str, out: Out, marketplace_name: Marketplace = None) -> None:
    """Write what became of each answer of a brand, with the reason, as CSV or Parquet by the file's ending."""
    from base64 import b64decode

    from serving.cli.people import call

    form = _form(out, "csv", "parquet")
    found = call("get_brand_record", brand=brand, form=form, marketplace=marketplace_name)
    with a_new_file(out) as file:
        file.write(b64decode(found["content"]))
    outcomes = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(found["outcomes"].items()))
    typer.echo(f"{found['rows']:,} answers of {brand} in {out}{': ' if outcomes else ''}{outcomes}.")
    typer.echo(f"{found['counter_notices']:,} counter-notices, {found['counter_notices_upheld']:,} upheld.")
    if found["median_hours_to_removal"] is not None:
        typer.echo(f"Half of the removals took at most {found['median_hours_to_removal']:.2f} h from the answer on.")


@export.command("standing")
def export_standing(brand: str, out: Out, marketplace_name: Marketplace = None) -> None:
    """Write each change of a brand's standing with its counts and reasons, oldest first."""
    from base64 import b64decode

    from serving.cli.people import call

    form = _form(out, "csv", "jsonl", "parquet")
    found = call("get_standing_history", brand=brand, form=form, marketplace=marketplace_name)
    with a_new_file(out) as file:
        file.write(b64decode(found["content"]))
    typer.echo(f"{found['rows']:,} changes of the standing of {brand} in {out}.")


@export.command("article-16")
def export_article_16(out: Out, since: Since = None, until: Until = None, marketplace_name: Marketplace = None) -> None:
    """Write what came of the offers that were notified in a span of time, a row a reason code."""
    _export_table("article-16", "reason codes", out, since, until, marketplace_name)


@export.command("article-20")
def export_article_20(out: Out, since: Since = None, until: Until = None, marketplace_name: Marketplace = None) -> None:
    """Write the complaints of a span of time, one a row: route, outcome, who ended it and after how many hours."""
    _export_table("article-20", "complaints", out, since, until, marketplace_name)


@export.command("article-23")
def export_article_23(out: Out, since: Since = None, until: Until = None, marketplace_name: Marketplace = None) -> None:
    """Write who was wrong, by number, proportion, gravity and intention: sellers, brands and complainants."""
    _export_table("article-23", "subjects", out, since, until, marketplace_name)


@export.command("article-24")
def export_article_24(out: Out, since: Since = None, until: Until = None, marketplace_name: Marketplace = None) -> None:
    """Write the figures of Article 24(1); what is not recorded here has no value, and its row says why."""
    _export_table("article-24", "figures", out, since, until, marketplace_name)


@export.command("aggregates")
def export_aggregates(out: Out, since: Since = None, until: Until = None, marketplace_name: Marketplace = None) -> None:
    """Write the counts behind the templates of Regulation (EU) 2024/2835, by category where they have one."""
    _export_table("aggregates", "figures", out, since, until, marketplace_name)


def _export_table(
    name: str, counted: str, out: Path, since: str | None, until: str | None, marketplace: str | None
) -> None:
    from base64 import b64decode

    from serving.cli.people import call

    form = _form(out, "csv", "jsonl", "parquet")
    found = call("get_transparency_table", name=name, form=form, since=since, until=until, marketplace=marketplace)
    with a_new_file(out) as file:
        file.write(b64decode(found["content"]))
    typer.echo(f"{found['rows']:,} {counted} in {out}.")


def _form(out: Path, *allowed: str) -> str:
    form = out.suffix.lower().removeprefix(".")
    if form not in allowed:
        named = [f".{one}" for one in allowed]
        raise typer.BadParameter(f"the file's name ends in {', '.join(named[:-1])} or {named[-1]}.", param_hint="--out")
    return form


def _pages(local: "Local", command: str, wanted: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Page after page of one unchanging span of time: the first answer says where it ends."""
    after: list[str] | None = None
    while True:
        page = local.call(command, **wanted, after=after, most=_AT_ONCE)
        yield page
        wanted, after = {**wanted, "until": page["until"]}, page["after"]
        if after is None:
            return


def _write(file: IO[bytes], statements: list[dict[str, Any]], *, batches: bool) -> None:
    from serving.takedowns.rules.public_statement import BATCH

    lines: list[Any] = list(statements)
    if batches:
        lines = [{"statements": statements[at : at + BATCH]} for at in range(0, len(statements), BATCH)]
    for line in lines:
        file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


@contextmanager
def a_new_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when it is whole: who reads it never sees half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
