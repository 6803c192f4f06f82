"""`make bench`: our code beside peers; each part writes a part of docs/benchmarks.md, and its tables as JSON.

In every part the sides take turns, so that other load on the machine affects all of them.
"""

import json
import os
import platform
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from tests.benchmarks import bulk as bulk_files
from tests.benchmarks import (
    commits,
    deliveries,
    forest,
    growth,
    histories,
    intake,
    pages,
    parts,
    pyfunc,
    scoring,
    text_scoring,
    text_training,
)
from tests.benchmarks.growth import EngineName

PAGE: Final = Path(__file__).parent.parent.parent / "docs" / "benchmarks.md"
FIGURES: Final = PAGE.with_suffix(".json")
INTRODUCTION: Final = """\
# Benchmarks

`make bench` writes this page; `make bench ARGS="text"` only that part of it. Both sides of every ratio ran in turns in
one run on one machine. The tables are also in `benchmarks.json`. `make bench-quick` prints a few of them in three
minutes, from few rows.
"""


_FEW: Final = 3


class Part(StrEnum):
    """A part that can run on its own."""

    SCORING = "scoring"
    PARTS = "parts"
    COMMITS = "commits"
    FOREST = "forest"
    TEXT = "text"
    TRAINING = "training"
    PYFUNC = "pyfunc"
    BULK = "bulk"
    HISTORIES = "histories"
    INTAKE = "intake"
    DELIVERIES = "deliveries"
    GROWTH = "growth"
    PAGES = "pages"


HEADINGS: Final = {
    Part.SCORING: "Whole scores",
    Part.PARTS: "One listing, part by part",
    Part.COMMITS: "One listing beside an earlier commit",
    Part.FOREST: "The trees",
    Part.TEXT: "The text model: scoring",
    Part.TRAINING: "The text model: training",
    Part.PYFUNC: "The registered model",
    Part.BULK: "Files of listings",
    Part.HISTORIES: "Histories of sellers",
    Part.INTAKE: "Intake",
    Part.DELIVERIES: "Deliveries to marketplaces",
    Part.GROWTH: "Growth",
    Part.PAGES: "Pages",
}


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured. `stored` are the numbers of stored listings, `parent` a checkout of another commit."""

    rounds: int
    bulk: int
    events: int
    messages: int
    stored: tuple[int, ...]
    parent: Path | None

    @property
    def few(self) -> int:
        """The rounds of parts in which a side takes over ten seconds."""
        return min(self.rounds, _FEW)


SECTIONS: Final[dict[Part, Callable[[Sizes], str]]] = {
    Part.SCORING: lambda sizes: scoring.section(sizes.few, sizes.bulk, sizes.stored[-1]),
    Part.PARTS: lambda sizes: parts.section(sizes.rounds),
    Part.COMMITS: lambda sizes: commits.section(sizes.rounds, sizes.parent),
    Part.FOREST: lambda sizes: forest.section(sizes.rounds),
    Part.TEXT: lambda sizes: text_scoring.section(sizes.few),
    Part.TRAINING: lambda sizes: text_training.section(sizes.few),
    Part.PYFUNC: lambda sizes: pyfunc.section(sizes.rounds),
    Part.BULK: lambda sizes: bulk_files.section(sizes.few, sizes.bulk, sizes.parent),
    Part.HISTORIES: lambda sizes: histories.section(sizes.rounds, sizes.events),
    Part.INTAKE: lambda sizes: intake.section(sizes.few, sizes.parent),
    Part.DELIVERIES: lambda sizes: deliveries.section(sizes.rounds, sizes.messages),
    Part.GROWTH: lambda sizes: growth.section(list(EngineName), list(sizes.stored)),
    Part.PAGES: lambda sizes: pages.section(list(EngineName), sizes.stored[-1]),
}
QUICK: Final = (Part.PARTS, Part.FOREST, Part.BULK, Part.HISTORIES)


def replace_part(page: str, heading: str, body: str) -> str:
    """The page with this part in place of the part with its heading, or at its end."""
    part = f"## {heading}\n\n{body.strip()}\n"
    match = re.search(rf"^## {re.escape(heading)}\n.*?(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    if match is None:
        return f"{page.rstrip()}\n\n{part}"
    after = page[match.end() :]
    return f"{page[: match.start()]}{part}{after and chr(10)}{after}"


def tables(body: str) -> list[list[dict[str, str]]]:
    """The rows of each table in the text of a part, by the names of their columns.

    >>> tables("Few words.\\n\\n| what | ours |\\n| --- | ---: |\\n| one row | 2.5 |")
    [[{'what': 'one row', 'ours': '2.5'}]]
    """
    table_rows: list[list[dict[str, str]]] = []
    for block in re.findall(r"(?:^\|.*\|$\n?)+", body, re.MULTILINE):
        head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines())
        table_rows.append([dict(zip(head, row, strict=True)) for row in rows])
    return table_rows


def circumstances() -> str:
    """The conditions of the run, on which the figures also depend."""
    load = f"load before the run {os.getloadavg()[0]:.1f}"
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, {load}, {datetime.now(UTC):%Y-%m-%d}."


def main(
    named: Annotated[list[Part] | None, typer.Argument(help="Parts to measure; all by default.")] = None,
    *,
    rounds: Annotated[int, typer.Option(min=1, help="Number of measured rounds; at most 3 in slow parts.")] = 9,
    bulk: Annotated[int, typer.Option(min=1_000, help="Listings in bulk.")] = 100_000,
    events: Annotated[int, typer.Option(min=10_000, help="Seller events of the histories.")] = 4_000_000,
    messages: Annotated[int, typer.Option(min=100, help="Messages of the deliveries.")] = 2_000,
    sizes: Annotated[
        str, typer.Option(help="Stored listings of growth; the last also of pages and scores.")
    ] = "10000,100000",
    parent: Annotated[Path | None, typer.Option(help="Checkout of another commit, to compare with.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Print a few parts, of few rows.")] = False,
) -> None:
    """Measure and write the parts of the page."""
    chosen = Sizes(rounds, bulk, events, messages, tuple(int(size) for size in sizes.split(",")), parent)
    if quick:
        chosen = replace(chosen, rounds=min(rounds, 2), bulk=2_000, events=200_000)
    everything = QUICK if quick else [part for part in Part if parent or part is not Part.COMMITS]
    for part in named or everything:
        where = circumstances()
        body = SECTIONS[part](chosen)
        typer.echo(f"{HEADINGS[part]}. {where}\n\n{body}\n")
        if not quick:
            _keep(part, where, body)


def _keep(part: Part, where: str, body: str) -> None:
    figures = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures[part.value] = {"circumstances": where, "tables": tables(body)}
    FIGURES.write_text(json.dumps(figures, indent=1, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8") if PAGE.exists() else INTRODUCTION
    PAGE.write_text(replace_part(page, HEADINGS[part], f"{where}\n\n{body}"), encoding="utf-8")
    typer.echo(f"Written to {PAGE.name} and {FIGURES.name}.")


if __name__ == "__main__":
    typer.run(main)
