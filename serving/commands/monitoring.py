"""Commands that monitor models on live traffic: drift and rescore."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.commands.declaring import command
from serving.commands.groups import app, model
from serving.commands.options import Figures, checked_output_path, write_json
from serving.commands.registry import CommandScope
from serving.commands.showing import print_table, route_name

_SHOWN: Final = 12


def _print_drift(report: dict[str, Any], json_file: Figures = None) -> None:
    from rich.console import Console

    console = Console()
    before, now = report["listings"]
    console.print(f"{now:,} scores of the last {report['days']} days against {before:,} of as many days before.")
    if not report["enough"]:
        console.print("Fewer than 50 on one side: too few to tell a shift from chance.")
    _print_shifts(report["shifts"])
    for name in ("prevalence", "recall"):
        console.print(f"{name.capitalize()} by the random audit sample: {_estimate_in_words(report[name])}.")
    for name, answers in report["answers"].items():
        console.print(f"First answers {name}: {_answers_in_words(answers)}.")
    if any(band["listings"] for band in report["bands"]):
        _print_bands(report["bands"])
    write_json(json_file, report)


@command(app, "drift", show=_print_drift)
def measure_drift(
    at: CommandScope,
    days: Annotated[int, typer.Option(min=1, max=365, help="Length of both compared periods in days.")] = 30,
) -> dict[str, Any]:
    """Compare current listings with those from before the champion, and its probabilities with later labels."""
    from serving.learning.service.monitoring import measure

    return measure(at.runtime, at.place, days=days)


def _print_shifts(shifts: list[dict[str, Any]]) -> None:
    rows = []
    for shift in shifts[:_SHOWN]:
        sizes = (f"{shift['psi']:.3f}", _figure_or(shift["by_chance"], "unknown"), _figure_or(shift["distance"], ""))
        rows.append(
            (shift["name"], shift["level"], *sizes, f"{shift['missing_before']:.0%}", f"{shift['missing_now']:.0%}")
        )
    title = f"{len(shifts)} features and scores, {sum(shift['level'] == 'steady' for shift in shifts)} steady"
    headings = ("largest shifts", "level", "PSI", "by chance", "KS", "missing before", "missing now")
    print_table(headings, rows, title=title, on_left=("level",))


def _print_bands(bands: list[dict[str, Any]]) -> None:
    rows = []
    for band in bands:
        estimate = band["observed"]
        counts = (f"{band['listings']:,}", f"{estimate['reviewed']:,}")
        interval = f"{estimate['low']:.3f} to {estimate['high']:.3f}" if band["listings"] else ""
        shares = (_figure_or(band["predicted"], ""), _figure_or(estimate["share"], "unknown"), interval)
        rows.append((f"{band['low']:g} to {band['high']:g}", *counts, *shares))
    headings = ("probability", "listings", "answered", "predicted", "counterfeit", "95 %")
    print_table(headings, rows, title="The champion's probabilities and the outcomes")


def _figure_or(number: float | None, missing: str) -> str:
    return missing if number is None else f"{number:.3f}"


def _estimate_in_words(estimate: dict[str, Any]) -> str:
    if estimate["share"] is None:
        return "unknown; no answer yet for a part of the listings"
    return (
        f"{estimate['share']:.1%}, between {estimate['low']:.1%} and {estimate['high']:.1%} at 95 % "
        f"({estimate['reviewed']:,} answered, {estimate['audited']:,} of them drawn at random)"
    )


def _answers_in_words(answers: dict[str, Any]) -> str:
    cases = f"{answers['cases']:,} {'case' if answers['cases'] == 1 else 'cases'}"
    if answers["median_days"] is None:
        return f"none for {cases}"
    return (
        f"{answers['answered']:,} of {cases}, half within {answers['median_days']:.1f} days, "
        f"nine in ten within {answers['slow_days']:.1f}"
    )


def _print_rescored(comparison: dict[str, Any], out: Path | None) -> None:
    from rich.console import Console

    Console().print(
        f"{comparison['versions']:,} versions scored again with {comparison['digest'][:12]}; nothing was changed."
    )
    moves = [
        (route_name(move["before"]), route_name(move["after"]), f"{move['versions']:,}") for move in comparison["moves"]
    ]
    title = "Routes before and after"
    print_table(("then", "now", "versions"), moves, title=title, on_left=("now",), dim=lambda row: row[0] == row[1])
    sides = []
    for name, side in (("as it was", comparison["before"]), ("with this model", comparison["after"])):
        shares = [_figure_or(side[key], "unknown") for key in ("precision", "recall")]
        sides.append((name, f"{side['flagged']:,}", f"{side['labelled']:,}", *shares))
    title = f"Shown to a person because of the score; {comparison['labelled']:,} have a label"
    print_table(("", "flagged", "labelled", "precision", "recall"), sides, title=title)
    if out is not None:
        _write_rows(out, comparison["rows"])


def _write_rows(out: Path, rows: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    text, number = pa.string(), pa.float64()
    columns = dict.fromkeys(("version_id", "external_id", "scored_at"), text)
    columns |= {"probability_before": number, "lane_before": text, "probability": number, "lane": text}
    columns |= {"stands_for": number, "counterfeit": pa.bool_()}
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema(columns)), out, compression="zstd")


@command(model, "rescore", show=_print_rescored)
def rescore_history(
    at: CommandScope,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day, UTC.")],
    bundle: Annotated[
        str, typer.Option(help="A model's digest or its beginning, 'challenger' or 'champion'.")
    ] = "challenger",
    most: Annotated[int, typer.Option(min=1, max=1_000_000, help="Versions at most, spread over the period.")] = 10_000,
    out: Annotated[
        Path | None,
        typer.Option(callback=checked_output_path, help="Parquet file: every version with its old and new score."),
    ] = None,
) -> dict[str, Any]:
    """Score past versions with another model and compare; nothing is changed."""
    from serving.learning.service.rescore import model_named, rescore, rescoring_summary
    from serving.scoring.service.bundles import BundleStore

    bundle_of_model = at.runtime.services[BundleStore].load(model_named(at.runtime, at.place, bundle).digest)
    versions = rescore(at.runtime, at.place, bundle_of_model, since=since.replace(tzinfo=UTC), most=most)
    rows = versions if out is not None else []  # Sent only if they are written: there may be a million.
    lines = [{**asdict(row), "scored_at": row.scored_at.isoformat()} for row in rows]
    return {"digest": bundle_of_model.digest, **rescoring_summary(versions), "rows": lines}
