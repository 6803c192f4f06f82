"""`make bench`: our code beside peers; each part writes a part of docs/benchmarks.md.

In every part the sides take turns, so that other load on the machine affects all of them.
"""

import os
import platform
import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from tests.benchmarks import bulk as bulk_files
from tests.benchmarks import forest, histories, intake, parts, pyfunc, scoring, text_scoring, text_training

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
INTRODUCTION: Final = """\
# Benchmarks

`make bench` writes this page; `make bench ARGS="text"` only that part of it. Both sides of every ratio ran in turns in
one run on one machine.
"""


class Part(StrEnum):
    """A part that can run on its own."""

    SCORING = "scoring"
    PARTS = "parts"
    FOREST = "forest"
    TEXT = "text"
    TRAINING = "training"
    PYFUNC = "pyfunc"
    BULK = "bulk"
    HISTORIES = "histories"
    INTAKE = "intake"


HEADINGS: Final = {
    Part.SCORING: "Whole scores",
    Part.PARTS: "One listing, part by part",
    Part.FOREST: "The trees",
    Part.TEXT: "The text model: scoring",
    Part.TRAINING: "The text model: training",
    Part.PYFUNC: "The registered model",
    Part.BULK: "Files of listings",
    Part.HISTORIES: "Histories of sellers",
    Part.INTAKE: "Intake",
}


def replaced(page: str, heading: str, body: str) -> str:
    """The page with this part in place of the part with its heading, or at its end."""
    part = f"## {heading}\n\n{body.strip()}\n"
    found = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if found is None:
        return f"{page.rstrip()}\n\n{part}"
    after = page[found.end() :]
    return f"{page[: found.start()]}{part}{after and chr(10)}{after}"


def circumstances() -> str:
    """The conditions of the run, on which the figures also depend."""
    load = f"load before the run {os.getloadavg()[0]:.1f}"
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}, {datetime.now(UTC):%Y-%m-%d}."


def main(
    named: Annotated[list[Part] | None, typer.Argument(help="Parts to measure; all by default.")] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Number of measured rounds.")] = 5,
    bulk: Annotated[int, typer.Option(min=1_000, help="Listings in bulk.")] = 100_000,
    events: Annotated[int, typer.Option(min=10_000, help="Seller events of the histories.")] = 4_000_000,
    parent: Annotated[Path | None, typer.Option(help="Checkout of another commit, for bulk and intake.")] = None,
) -> None:
    """Measure and write the parts of the page."""
    for part in named or list(Part):
        where = circumstances()
        match part:
            case Part.SCORING:
                body = scoring.section(rounds, bulk)
            case Part.PARTS:
                body = parts.section(rounds)
            case Part.FOREST:
                body = forest.section(rounds)
            case Part.TEXT:
                body = text_scoring.section(rounds)
            case Part.TRAINING:
                body = text_training.section(rounds)
            case Part.PYFUNC:
                body = pyfunc.section(rounds)
            case Part.BULK:
                body = bulk_files.section(rounds, bulk, parent)
            case Part.HISTORIES:
                body = histories.section(rounds, events)
            case Part.INTAKE:
                body = intake.section(rounds, parent)
        typer.echo(body)
        page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else INTRODUCTION
        PAGE.write_text(replaced(page, HEADINGS[part], f"{where}\n\n{body}"), encoding="utf-8")
        typer.echo(f"Written to {PAGE.name}.")


if __name__ == "__main__":
    typer.run(main)
