"""Commands on files: import, score."""

import csv
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from serving.commands.declaring import command
from serving.commands.groups import app
from serving.commands.options import Dask, Marketplace, checked_output_path, known_format
from serving.commands.registry import Runtime, place_named
from serving.commands.showing import (
    EXIT_FAILED,
    EXIT_REFUSED,
    complain,
    progress_bar,
    route_name,
    say,
    unusable_file,
)

if TYPE_CHECKING:
    from serving.listings.service.past_facts import HistoryAt
    from training.dataset import GuessedFormat

FILE = Annotated[Path, typer.Argument(help="CSV, TSV, NDJSON, XML (or with .gz), Parquet.", show_default=False)]
FORMAT = Annotated[str, typer.Option("--format", help="native, merchant-feed, ozon-ecup, vestiaire, wish or ebay.")]
_SHOWN: Final = 20
_LARGE_FILE_BYTES: Final = 5_000_000
_LARGE_FILE_ROWS: Final = 10_000  # Parquet compresses, so that its bytes say little.


@command()
def receive(
    runtime: Runtime, rows: list[dict[str, Any]], source: str, backfill: bool, marketplace: Marketplace = None
) -> list[dict[str, Any]]:
    """Receive rows of a file. A row is {"number", "listing"}, or {"number", "refused", "cells"} if it is unreadable."""
    from features.listing import Rejection
    from serving.api.intake import row_answer
    from serving.listings.service import intake

    place = place_named(runtime, marketplace)
    refused = {i: Rejection(**row["refused"]) for i, row in enumerate(rows) if "refused" in row}
    payloads = [row.get("listing", row.get("cells")) for row in rows]
    answers = intake.receive_rows(
        runtime, place, payloads, source=source, backfill=backfill, rejections=refused, first_row=rows[0]["number"]
    )
    return [{**row_answer(answer), "new_listing": answer.new_version and answer.version == 1} for answer in answers]


@app.command("import")
def import_file(
    file: FILE,
    *,
    format_name: Annotated[
        str | None, typer.Option("--format", help="As of `touchstone score`; by default guessed by the columns.")
    ] = None,
    currency: Annotated[str | None, typer.Option(help="Of prices that name none, where the format is guessed.")] = None,
    column: Annotated[
        list[str] | None, typer.Option(help="NAME=FIELD corrects the guess for a column; NAME= leaves it out.")
    ] = None,
    marketplace: Marketplace = None,
    backfill: Annotated[bool, typer.Option(help="Treat rows as known when they occurred.")] = False,
    errors: Annotated[
        Path | None, typer.Option(callback=checked_output_path, help="CSV file for every refused row, with its reason.")
    ] = None,
) -> None:
    """Import a file's listings: rows in = new + changed + unchanged + quarantined.

    Ends with 1 if rows were refused; `touchstone quarantine` lists them."""
    from serving.commands.connection import current_connection
    from training.dataset import batches, read_listings

    file_format = guessed_format(file, column or [], currency) if format_name is None else known_format(format_name)
    counts = dict.fromkeys(("new", "changed", "unchanged", "stale", "quarantined"), 0)
    refused: list[tuple[int, str, str, str]] = []
    unused: list[str] = []
    with unusable_file(), current_connection(), progress_bar(shown_name(file), size_of(file)) as move:
        listings = read_listings(file, file_format, received_at=datetime.now(UTC), advanced=move, unused=unused.extend)
        for batch in batches(listings):
            rows, source = [_command_row(row) for row in batch], f"import {shown_name(file)}"[:200]
            answers = receive(rows, source, backfill, marketplace)
            for row, answer in zip(batch, answers, strict=True):
                counts[_outcome(answer)] += 1
                if answer["status"] == "quarantined":
                    refused.append((row.number, answer["code"], answer["field"], answer["sentence"]))
    _report_refused_rows(refused, errors)
    if unused:
        typer.echo(f"Columns not used: {', '.join(unused)}.", err=True)
    total = sum(counts.values())
    say(f"{total:,} rows in = " + " + ".join(f"{n:,} {name}" for name, n in counts.items() if n or name != "stale"))
    if refused:
        raise typer.Exit(EXIT_FAILED)


def guessed_format(file: Path, corrections: list[str], currency: str | None) -> "GuessedFormat":
    """The guessed format of a file, with corrections as NAME=FIELD; what is read as another name is printed."""
    from training.dataset import FileHead, correct_format, guess_format

    fields = {name: field or None for name, _, field in (text.rpartition("=") for text in corrections)}
    with unusable_file():
        head = FileHead.of(file)
        guess = correct_format(guess_format(head, currency), head, fields)
    if guess.named is None:
        say(f"{name} is read as {field}." for name, field in guess.mapping.fields.items() if name != field)
    else:
        say(f"The file is read as {guess.named.name}.")
    return guess


def shown_name(file: Path) -> str:
    """The file's name as text; a name on disk may contain bytes that are not text."""
    return file.name.encode("utf-8", "backslashreplace").decode()


def size_of(file: Path) -> int:
    """The size of a file in bytes; 0 where it does not exist, which the later read reports."""
    return os.path.getsize(file) if os.path.isfile(file) else 0  # noqa: PTH202, PTH113  # these take a name too long


def _command_row(row: Any) -> dict[str, Any]:
    """A row for the command: the listing's mapping, or the refusal with its cells."""
    from features.listing import Rejection

    if isinstance(row.listing, Rejection):
        refusal = {"code": row.listing.code, "field": row.listing.field, "sentence": row.listing.sentence}
        cells = {str(_plain_cell(name)): _plain_cell(cell) for name, cell in row.cells.items()}
        return {"number": row.number, "refused": refusal, "cells": cells}
    return {"number": row.number, "listing": row.mapping}


def _plain_cell(cell: object) -> object:
    if cell is None or (isinstance(cell, int) and -(2**63) <= cell < 2**63):
        return cell
    return str(cell).encode("utf-8", "backslashreplace").decode()


def _outcome(answer: dict[str, Any]) -> str:
    if answer["status"] != "accepted":
        return str(answer["status"])
    return "new" if answer["new_listing"] else "changed"


def _report_refused_rows(refused: list[tuple[int, str, str, str]], errors: Path | None) -> None:
    """Print the first refused rows, and write all of them to the file."""
    for number, code, field, sentence in refused[:_SHOWN]:
        typer.echo(f"row {number}: {code} {field}: {sentence}", err=True)
    if len(refused) > _SHOWN:
        typer.echo(f"and {len(refused) - _SHOWN:,} more; --errors FILE writes them all.", err=True)
    if errors is not None:
        with errors.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([("row", "code", "field", "sentence"), *refused])


def processes_for(file: Path) -> int:
    """All cores for a large file; one for a small file, which is done before a second process has started."""
    from training.adapters.parquet import row_groups_of

    if file.suffix.lower() == ".parquet":
        is_large = sum(row_groups_of(file).rows) > _LARGE_FILE_ROWS
    else:
        is_large = size_of(file) > _LARGE_FILE_BYTES
    return os.cpu_count() or 1 if is_large else 1


@app.command()
def score(
    file: FILE,
    format_name: FORMAT,
    *,
    bundle: Annotated[Path, typer.Option(help="Folder of a bundle, as `touchstone train` writes it.")],
    out: Annotated[
        Path, typer.Option(callback=checked_output_path, help="Parquet file to write: one row per input row, in order.")
    ],
    reasons: Annotated[bool, typer.Option(help="Give reasons. Without them it takes less time.")] = True,
    history: Annotated[
        str | None,
        typer.Option(
            help="Data directory or database URL of a service: score each row with the service's history as of the "
            "row's occurred_at. The database is only read."
        ),
    ] = None,
    marketplace: Marketplace = None,
    dask: Dask = None,
) -> None:
    """Score a file's rows with a bundle: row, listing_id, probability, route, reasons. Run it again if it was cut off:
    it goes on where it was."""
    from models.bundle import digest_of
    from training.bundle_folder import read_bundle_folder
    from training.score.file import score_file

    known_format(format_name)
    files = read_bundle_folder(bundle)
    past, now = (None, datetime.now(UTC)) if history is None else _history_at(history, marketplace)
    with unusable_file(), progress_bar(shown_name(file), size_of(file)) as move:
        counts_by_route = score_file(
            file,
            format_name,
            files,
            out,
            received_at=now,
            processes=1 if dask else processes_for(file),
            dask=dask,
            with_reasons=reasons,
            history=past,
            advanced=move,
            resumed=lambda rows: typer.echo(f"{rows:,} rows were scored before.", err=True),
        )
    counted = ", ".join(f"{n:,} {route_name(route)}" for route, n in sorted(counts_by_route.items()))
    say(f"{sum(counts_by_route.values()):,} rows scored with {digest_of(files)[:12]}: {counted}")


def _history_at(place: str, marketplace: str | None) -> "tuple[HistoryAt, datetime]":
    """The history of a marketplace in a data directory or database, and the time on its clock."""
    from serving.listings.service.past_facts import open_history
    from serving.migrations.migrate import require_current
    from serving.platform.database.engine import read_only_engine, sqlite_url
    from serving.platform.home import Home

    url = place
    if "://" not in place:
        database = Home(Path(place).expanduser().absolute()).database
        if not database.is_file():
            complain(f"There is no database at {database}; if the service uses another, give its URL.")
            raise typer.Exit(EXIT_REFUSED)
        url = sqlite_url(database)
    engine = read_only_engine(url)
    try:
        require_current(engine)
        return open_history(url, engine, marketplace)
    finally:
        engine.dispose()
