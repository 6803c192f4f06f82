"""The command that writes files for regulators and brands: statements of reasons and derived tables."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import IO, Annotated, Any, Final, NamedTuple

import typer

from serving.commands.declaring import command
from serving.commands.groups import app
from serving.commands.options import Marketplace, checked_output_path, span_of
from serving.commands.registry import Runtime, place_named
from serving.commands.showing import EXIT_FAILED, complain, say

Since = Annotated[str | None, typer.Option(help="From this day or moment on; by default from the beginning.")]
Until = Annotated[str | None, typer.Option(help="Up to this day or moment, which is not included; by default now.")]
_AT_ONCE: Final = 1_000
_OUT: Final = "The file to write."
_PERIOD: Final = frozenset({"--since", "--until"})
_BRAND: Final = frozenset({"--brand"})


class _Table(NamedTuple):
    """What a row of a table is called, the options that the table takes, and the endings of its file; any if empty."""

    rows: str
    options: Set[str] = _PERIOD
    endings: tuple[str, ...] = ("csv", "jsonl", "parquet")


_TABLES: Final = {
    "statements": _Table("statements", _PERIOD | {"--batches", "--amended"}, ()),
    "brand": _Table("answers", _BRAND, ("csv", "parquet")),
    "standing": _Table("changes", _BRAND),
    "article-16": _Table("reason codes"),
    "article-20": _Table("complaints"),
    "article-23": _Table("subjects"),
    "article-24": _Table("figures"),
    "aggregates": _Table("figures"),
}


def _ending(out: Path) -> str:
    return out.suffix.lower().removeprefix(".")


def _table(name: str, out: Path, options: Mapping[str, object]) -> _Table:
    """The table of a name. Raises BadParameter (there is none, or an option or the file's ending is not one of it)."""
    if name not in _TABLES:
        raise typer.BadParameter(f"{name} is none of {', '.join(_TABLES)}.", param_hint="TABLE")
    table = _TABLES[name]
    for option, argument in options.items():
        if argument and option not in table.options:
            raise typer.BadParameter(f"the table {name} does not take it.", param_hint=option)
    if "--brand" in table.options and not options["--brand"]:
        raise typer.BadParameter(f"the table {name} needs a brand.", param_hint="--brand")
    if table.endings and _ending(out) not in table.endings:
        *others, last = (f".{ending}" for ending in table.endings)
        raise typer.BadParameter(f"the file's name ends in {', '.join(others)} or {last}.", param_hint="--out")
    return table


@command()
def list_statements(
    runtime: Runtime,
    *,
    amended: bool,
    most: int,
    since: Since = None,
    until: Until = None,
    after: list[str] | None = None,
    marketplace: Marketplace = None,
) -> dict[str, Any]:
    """Statements of reasons for the actions carried out in a period, at most so many after a position in it.

    With `amended`, the reversed ones of the period that were told before it all come in one page: they are few.
    """
    from serving.transparency.service import statements

    place = place_named(runtime, marketplace)
    begins, ends = span_of(since, until, runtime.clock.now())
    if amended:
        page = statements.amendments_page(runtime, place, since=begins, until=ends)
    else:
        behind = None if after is None else (datetime.fromisoformat(after[0]), after[1])
        page = statements.statements_page(runtime, place, since=begins, until=ends, after=behind, most=most)
    following = None if page.after is None else [page.after[0].isoformat(), page.after[1]]
    return {**asdict(page), "after": following, "until": ends.isoformat()}


def _export_statements(
    out: Path, since: str | None, until: str | None, *, batches: bool, amended: bool, marketplace: str | None
) -> None:
    from serving.commands.connection import current_connection

    if amended and since is None:
        raise typer.BadParameter("needs --since, the begin of the period of reversals.", param_hint="--amended")
    refused: list[str] = []
    outstanding = written = 0
    with current_connection(), atomic_file(out) as file:
        for page in _pages(amended=amended, since=since, until=until, marketplace=marketplace):
            _write(file, page["statements"], batches=batches)
            written += len(page["statements"])
            refused += page["refused"]
            outstanding = page["outstanding"]
    say(f"{written:,} statements in {out}.")
    if outstanding:
        say(f"{outstanding:,} removals have no statement yet: the marketplace has not acknowledged them.")
    complain(*refused)
    if refused:
        raise typer.Exit(EXIT_FAILED)


def _pages(**filters: Any) -> Iterator[dict[str, Any]]:
    """All pages of one fixed period: the first response gives its end."""
    page = list_statements(**filters, most=_AT_ONCE)
    yield page
    while page["after"] is not None:
        page = list_statements(**{**filters, "until": page["until"]}, after=page["after"], most=_AT_ONCE)
        yield page


def _write(file: IO[bytes], statements: list[dict[str, Any]], *, batches: bool) -> None:
    from serving.takedowns.rules.public_statement import BATCH

    lines: list[Any] = list(statements)
    if batches:
        lines = [{"statements": statements[at : at + BATCH]} for at in range(0, len(statements), BATCH)]
    for line in lines:
        file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")


@command()
def get_brand_table(runtime: Runtime, name: str, brand: str, out: Path, marketplace: Marketplace) -> dict[str, Any]:
    """A brand's answers with their outcomes, or the changes of its standing, as a file by the path's ending."""
    from serving.brands.service import brand_records
    from serving.brands.store.brand_answers import answers_of
    from serving.brands.store.brands import by_name
    from serving.platform.tabular import Format, as_file

    place = place_named(runtime, marketplace)
    with runtime.store.read() as connection:
        brand_id = by_name(connection, brand).brand_id
        if name == "standing":
            rows = brand_records.standing_rows(connection, place.marketplace_id, brand_id)
            return _encoded_content(len(rows), as_file(Format(_ending(out)), brand_records.STANDING_COLUMNS, rows))
        answers = answers_of(connection, {(place.marketplace_id, brand_id)})
    figures = brand_records.figures_of(answers)
    return {
        **_encoded_content(len(answers), brand_records.record_file(Format(_ending(out)), answers)),
        "outcomes": {outcome.value: number for outcome, number in figures.outcomes.items()}
        | ({"undone": figures.undone} if figures.undone else {}),
        "counter_notices": figures.objections,
        "counter_notices_upheld": figures.objections_upheld,
        "median_hours_to_removal": figures.to_removal.hours,
    }


def _export_of_brand(name: str, brand: str, out: Path, marketplace: str | None) -> None:
    content = get_brand_table(name, brand, out, marketplace)
    _write_content(out, content)
    if name == "standing":
        say(f"{content['rows']:,} changes of the standing of {brand} in {out}.")
        return
    outcomes = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in sorted(content["outcomes"].items()))
    say(f"{content['rows']:,} answers of {brand} in {out}{': ' if outcomes else ''}{outcomes}.")
    say(f"{content['counter_notices']:,} counter-notices, {content['counter_notices_upheld']:,} upheld.")
    if content["median_hours_to_removal"] is not None:
        say(f"Median {content['median_hours_to_removal']:.2f} h from the answer to the removal.")


@command()
def get_transparency_table(
    runtime: Runtime, name: str, out: Path, since: Since, until: Until, marketplace: Marketplace
) -> dict[str, Any]:
    """A table that the law requires to be kept or reported, as a file in the format of the path's ending."""
    from serving.platform.tabular import Format, as_file
    from serving.transparency.service.transparency_tables import Span, TableName, table

    span = Span(place_named(runtime, marketplace).marketplace_id, *span_of(since, until, runtime.clock.now()))
    with runtime.store.read() as connection:
        columns, rows = table(connection, TableName(name), span)
    return _encoded_content(len(rows), as_file(Format(_ending(out)), columns, rows))


@app.command()
def export(
    table: Annotated[
        str,
        typer.Argument(
            help="statements: a DSA statement of reasons for each removal that the marketplace carried out, one a line "
            "of JSON; brand: the outcome of each answer of a brand; standing: each change of a brand's standing; "
            "article-16: outcomes of notified listings by reason code; article-20: complaints; article-23: who was "
            "wrong, by number, proportion, gravity and intention; article-24: the figures of Article 24(1); "
            "aggregates: the counts behind the templates of Regulation (EU) 2024/2835."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", callback=checked_output_path, help=_OUT)],
    since: Since = None,
    until: Until = None,
    *,
    brand: Annotated[str | None, typer.Option(help="The brand, for the tables brand and standing.")] = None,
    batches: Annotated[
        bool, typer.Option(help="Of statements: at most 100 a line, as POST /api/v1/statements takes them.")
    ] = False,
    amended: Annotated[
        bool, typer.Option(help="Of statements: those reversed in this period and told before it, as amended.")
    ] = False,
    marketplace: Marketplace = None,
) -> None:
    """Write statements of reasons, or a table for regulators and brands, as CSV, JSON lines or Parquet."""
    options = {"--since": since, "--until": until, "--brand": brand, "--batches": batches, "--amended": amended}
    chosen = _table(table, out, options)
    if table == "statements":
        _export_statements(out, since, until, batches=batches, amended=amended, marketplace=marketplace)
    elif brand is not None:
        _export_of_brand(table, brand, out, marketplace)
    else:
        content = get_transparency_table(table, out, since, until, marketplace)
        _write_content(out, content)
        say(f"{content['rows']:,} {chosen.rows} in {out}.")


def _encoded_content(rows: int, content: bytes) -> dict[str, Any]:
    return {"rows": rows, "content": b64encode(content).decode()}


def _write_content(out: Path, document: dict[str, Any]) -> None:
    with atomic_file(out) as file:
        file.write(b64decode(document["content"]))


@contextmanager
def atomic_file(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under its name when it is complete, so that readers never see half of it."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with unfinished.open("wb") as file:
            yield file
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
