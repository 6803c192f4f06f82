"""Commands that look at how models fare on the live stream: drift, rescore, breaker."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from serving.cli.people import Marketplace, call
from serving.cli.run import a_place_for_a_file

app = typer.Typer()
breaker = typer.Typer(help="The circuit breaker on the volume of alerts.", no_args_is_help=True)
app.add_typer(breaker, name="breaker")
_SHOWN = 12


@app.command()
def drift(
    days: Annotated[int, typer.Option(min=1, max=365, help="Length of both stretches that are compared.")] = 30,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=a_place_for_a_file, help="Write all figures here.")
    ] = None,
    marketplace: Marketplace = None,
) -> None:
    """Compare the listings of now with those from before the champion, and its probabilities with later labels."""
    report = call("measure_drift", days=days, marketplace=marketplace)
    _print(report)
    if json_file is not None:
        json_file.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


@app.command()
def rescore(
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")],
    bundle: Annotated[
        str, typer.Option(help="A model's digest or its beginning, 'challenger' or 'champion'.")
    ] = "challenger",
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="Versions at most, spread over the time.")] = 10_000,
    out: Annotated[
        Path | None,
        typer.Option(callback=a_place_for_a_file, help="Parquet file: every version, what was said then and now."),
    ] = None,
    marketplace: Marketplace = None,
) -> None:
    """Score the past anew with another model and compare, changing nothing."""
    start = since.replace(tzinfo=UTC).isoformat()
    found = call("rescore_past", since=start, bundle=bundle, most=most, rows=out is not None, marketplace=marketplace)
    _print_rescored(found)
    if out is not None:
        _write_rows(out, found["rows"])


@breaker.command("show")
def show_breaker(marketplace: Marketplace = None) -> None:
    """Say whether the model's questions to brands are held, and why."""
    found = call("show_breaker", marketplace=marketplace)
    if found["open"]:
        typer.echo(f"Questions to brands are held since {found['since']}: {found['reason']}")
    else:
        typer.echo("Questions are put to brands; the volume of alerts is in order.")


@breaker.command("close")
def close_breaker(
    reason: Annotated[str, typer.Option(help="What was found when the volume was looked at.")],
    by: Annotated[str | None, typer.Option(help="E-mail of whoever has looked.")] = None,
    marketplace: Marketplace = None,
) -> None:
    """Let the model ask brands again after somebody has looked at the volume of alerts."""
    call("close_the_breaker", reason=reason, by=by, marketplace=marketplace)
    typer.echo("Questions are put to brands again.")


def _print_rescored(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"{found['versions']:,} versions scored anew with {found['digest'][:12]}; nothing was changed.")
    moves = Table(title="Where they went and would go", title_justify="left")
    for heading in ("then", "now", "versions"):
        moves.add_column(heading, justify="right" if heading == "versions" else "left")
    for move in found["moves"]:
        same = move["before"] == move["after"]
        names = [move[side].replace("_", " ") for side in ("before", "after")]
        moves.add_row(*names, f"{move['versions']:,}", style="dim" if same else None)
    console.print(moves)
    title = f"Shown to a person because of the score; {found['labelled']:,} have a label"
    table = Table(title=title, title_justify="left")
    for heading in ("", "flagged", "labelled", "precision", "recall"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, side in (("as it was", "before"), ("with this model", "after")):
        one = found[side]
        shares = ["unknown" if one[key] is None else f"{one[key]:.3f}" for key in ("precision", "recall")]
        table.add_row(name, f"{one['flagged']:,}", f"{one['labelled']:,}", *shares)
    console.print(table)


def _write_rows(out: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(rows, schema=_rescored_schema(pa)), out, compression="zstd")


def _rescored_schema(pa: Any) -> Any:
    text, number = pa.string(), pa.float64()
    return pa.schema(
        [
            ("version_id", text),
            ("external_id", text),
            ("scored_at", text),
            ("probability_before", number),
            ("lane_before", text),
            ("probability", number),
            ("lane", text),
            ("stands_for", number),
            ("counterfeit", pa.bool_()),
        ]
    )


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console()
    before, now = report["listings"]
    console.print(f"{now:,} scores of the last {report['days']} days against {before:,} of as many days before.")
    if not report["enough"]:
        console.print("Fewer than 50 on one side: too few to tell a shift from chance.")
    console.print(_shifts(report["shifts"]))
    for name in ("prevalence", "recall"):
        console.print(f"{name.capitalize()} by the audit slice: {_estimate(report[name])}.")
    for name, answers in report["answers"].items():
        console.print(f"First answers {name}: {_answers(answers)}.")
    if any(band["listings"] for band in report["bands"]):
        console.print(_bands(report["bands"]))


def _shifts(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    steady = sum(row["level"] == "steady" for row in rows)
    table = Table(title=f"{len(rows)} features and scores, {steady} steady", title_justify="left")
    for heading in ("largest shifts", "level", "PSI", "by chance", "KS", "missing before", "missing now"):
        table.add_column(heading, justify="left" if heading in {"largest shifts", "level"} else "right")
    for row in rows[:_SHOWN]:
        table.add_row(
            row["name"],
            row["level"],
            f"{row['psi']:.3f}",
            "unknown" if row["by_chance"] is None else f"{row['by_chance']:.3f}",
            "" if row["distance"] is None else f"{row['distance']:.3f}",
            f"{row['missing_before']:.0%}",
            f"{row['missing_now']:.0%}",
        )
    return table


def _bands(rows: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(title="The champion's probabilities and what came of them", title_justify="left")
    for heading in ("probability", "listings", "answered", "predicted", "counterfeit", "95 %"):
        table.add_column(heading, justify="left" if heading == "probability" else "right")
    for row in rows:
        found = row["found"]
        table.add_row(
            f"{row['low']:g} to {row['high']:g}",
            f"{row['listings']:,}",
            f"{found['reviewed']:,}",
            "" if row["predicted"] is None else f"{row['predicted']:.3f}",
            "unknown" if found["value"] is None else f"{found['value']:.3f}",
            f"{found['low']:.3f} to {found['high']:.3f}" if row["listings"] else "",
        )
    return table


def _estimate(found: dict[str, Any]) -> str:
    if found["value"] is None:
        return "unknown; no answer yet for a part of the listings"
    return (
        f"{found['value']:.1%}, between {found['low']:.1%} and {found['high']:.1%} at 95 % "
        f"({found['reviewed']:,} answered, {found['audited']:,} of them drawn at random)"
    )


def _cases(number: int) -> str:
    return f"{number:,} case" if number == 1 else f"{number:,} cases"


def _answers(found: dict[str, Any]) -> str:
    if found["median_days"] is None:
        return f"none for {_cases(found['cases'])}"
    return (
        f"{found['answered']:,} of {_cases(found['cases'])}, half within {found['median_days']:.1f} days, "
        f"nine in ten within {found['slow_days']:.1f}"
    )
