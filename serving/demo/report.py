"""The final report of the demo: a table for people, the same figures as JSON for machines."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table


def demo_result(
    figures: Mapping[str, Any],
    large_reports: Mapping[str, int],
    models: Sequence[Mapping[str, Any]],
    *,
    effects: int,
    seed: int,
) -> dict[str, Any]:
    """The JSON of `touchstone demo --json`. Each stored row has one observation and one score.

    `large_reports` are the listings of reports that were confirmed with a second factor or signed, by their state;
    `models` are the candidates in their order, each with its number of labels and the gates that block it.
    """
    removals, reinstated = figures["removals"], figures["reinstatements"]
    return {
        "received": figures["observations"] + figures["quarantined"],
        "scored": figures["scored"],
        "quarantined": figures["quarantined"],
        "routes": figures["routes"],
        "verdicts": figures["verdicts"],
        "removals": removals["withdrawn"] + removals["pending_approval"] + removals["acknowledged"],
        "pending_approval": removals["pending_approval"],
        "withdrawn": removals["withdrawn"],
        "takedowns": {"sent": removals["sent"], "acknowledged": removals["acknowledged"]},
        "verified": figures["removal_checks"],
        "reinstatements": reinstated["acknowledged"],
        "effects": effects,
        "appeals": figures["appeals"],
        "reports": figures["reports"],
        "large_reports": dict(large_reports),
        "models": list(map(dict, models)),
        "seed": seed,
        "simulated": True,
    }


def print_report(report: Mapping[str, Any]) -> None:
    """The table."""
    console = Console()
    table = Table(title="One round of the loop (simulated marketplace)", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for name, figure, remark in _table_rows(report):
        table.add_row(name, figure, remark)
    console.print(table)
    models = report["models"]
    if "listings" not in models[-1]:
        return
    comparison = Table(
        title=(
            f"{models[-1]['listings']:,} simulated listings, {models[-1]['counterfeits']:,} of them counterfeit, "
            "of sellers and suppliers never sent"
        ),
        title_justify="left",
    )
    for heading in ("average precision", "whole", *(rival.replace("_", " ") for rival in _RIVALS), "top 100"):
        comparison.add_column(heading, justify="left" if heading == "average precision" else "right")
    for name, model in zip(_CANDIDATES, models, strict=True):
        rivals = [f"{model['rivals'][rival]['average_precision']:.3f}" for rival in _RIVALS]
        comparison.add_row(
            name, f"{model['average_precision']:.3f}", *rivals, f"{model['found_per_100_reviews']:.0f} found"
        )
    console.print(comparison)


_CANDIDATES: Final = ("first candidate", "second candidate")
_RIVALS: Final = ("scorecard", "best_signal", "without_text", "text_alone", "fair_peer")
# What an account manager stopped is withdrawn.
_STATES: Final = {"withdrawn": "stopped within the hour"}


def _table_rows(report: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    routes = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in report["routes"].items())
    verdicts = ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in sorted(report["verdicts"].items()))
    sent, acknowledged = report["takedowns"]["sent"], report["takedowns"]["acknowledged"]
    checks = report["verified"]
    appeals = ", ".join(f"{n:,} {state}" for state, n in sorted(report["appeals"].items())) or "none"
    reports, pending = report["reports"], report["pending_approval"]
    return [
        ("received", f"{report['received']:,}", f"{report['scored']:,} scored + {report['quarantined']:,} quarantined"),
        ("routes", f"{sum(report['routes'].values()):,}", routes),
        ("verdicts", f"{sum(report['verdicts'].values()):,}", verdicts),
        (
            "removals",
            f"{report['removals']:,}",
            f"{report['withdrawn']:,} withdrawn + {pending:,} pending approval + {acknowledged:,} acknowledged",
        ),
        (
            "reported by brands",
            f"{reports['items']:,}",
            " + ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in reports.items() if name != "items"),
        ),
        (
            "in large reports",
            f"{sum(report['large_reports'].values()):,}",
            ", ".join(f"{n:,} {_STATES.get(name, name)}" for name, n in sorted(report["large_reports"].items())),
        ),
        ("takedowns sent", f"{sent:,}", f"{acknowledged:,} acknowledged"),
        (
            "seen gone",
            f"{checks['gone']:,}",
            f"{checks['given_back']:,} given back, {checks['still_shown']:,} still shown",
        ),
        ("appeals", f"{sum(report['appeals'].values()):,}", appeals),
        ("reinstatements", f"{report['reinstatements']:,}", ""),
        ("effects at the receiver", f"{report['effects']:,}", "each once, in its own file"),
        *(
            (f"labels of the {name}", f"{model['labels']:,}", _decision(model))
            for name, model in zip(_CANDIDATES, report["models"], strict=True)
        ),
    ]


def _decision(model: Mapping[str, Any]) -> str:
    if not model["blocked_by"]:
        return "promoted"
    return f"not proposed, the scorer before it goes on: {', '.join(model['blocked_by'])}"
