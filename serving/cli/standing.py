"""Commands about the good-faith standing of brands: who has which, the counts behind it, and what would change it."""

import json
from typing import Annotated, Any, Final

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
standing = typer.Typer(help="What brands' confirmations have earned them.", no_args_is_help=True)
app.add_typer(standing, name="standing")
_COLUMNS: Final = ("accepted", "rejected", "overturned", "audited", "audited_right")


@standing.command("explain")
def explain(
    brand: Annotated[str, typer.Argument(help="Its name.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    marketplace_name: Marketplace = None,
) -> None:
    """Show a brand's standing with the counts behind it, the reasons, what would change it, and how it has changed."""
    found = call("show_standing", brand=brand, marketplace=marketplace_name)[brand]
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    for sentence in found["reasons"]:
        typer.echo(sentence)
    typer.echo("")
    _print_counts(found)
    if found["unanswered"]:
        typer.echo(f"Questions that came back unanswered: {found['unanswered']:,}.")
    for sentence in found["outlook"]:
        typer.echo(sentence)
    for change in found["history"]:
        warned = ", with a warning" if change["warned"] else ""
        typer.echo(f"{change['known_at']}  {_words(change['level'])}{warned}")
    typer.echo(f"As of {found['as_of']}, {found['policy_version']}.")


@standing.command("list")
def list_standings(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    marketplace_name: Marketplace = None,
) -> None:
    """List the standing of every brand that is enrolled."""
    found = call("show_standing", marketplace=marketplace_name)
    if as_json:
        typer.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return
    rows = [
        (name, _words(one["level"]) + (", warned" if one["warned"] else ""), one["counts"]["overall"])
        for name, one in found.items()
    ]
    _table(("brand", "standing", *_COLUMNS[:3]), [(name, level, *_cells(counts)[:3]) for name, level, counts in rows])


def _print_counts(found: dict[str, Any]) -> None:
    rows = [(_words(name), *_cells(counts), _words(found["scopes"][name])) for name, counts in found["counts"].items()]
    _table(("counted", *_COLUMNS, "alone earns"), rows)


def _cells(counts: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{counts[name]:,}" for name in _COLUMNS)


def _table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table()
    for heading in headings:
        table.add_column(_words(heading), justify="right" if heading in _COLUMNS else "left")
    for row in rows:
        # Text, because a name may hold what a table takes for markup.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def _words(name: str) -> str:
    return name.replace("_", " ")
