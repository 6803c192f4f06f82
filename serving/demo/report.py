"""The final report of the demo: a table for people, the same figures as JSON for machines."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class LearningResults:
    """The results of learning: number of labels and tracked runs, and both models on the same unseen listings."""

    labels: int
    mlflow_runs: int
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def demo_result(
    figures: Mapping[str, Any], large_reports: Mapping[str, int], learnt: LearningResults, *, effects: int, seed: int
) -> dict[str, Any]:
    """The JSON of `touchstone demo --json`. Each stored row has one observation and one score.

    `large_reports` are the listings of reports that were confirmed with a second factor or signed, by their state.
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
        "labels": learnt.labels,
        "before": dict(learnt.before),
        "after": dict(learnt.after),
        "mlflow_runs": learnt.mlflow_runs,
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
    before, after = report["before"], report["after"]
    if "listings" not in after:
        return
    models = Table(
        title=(
            f"{after['listings']:,} simulated listings, {after['counterfeits']:,} of them counterfeit, "
            "of sellers and suppliers never sent"
        ),
        title_justify="left",
    )
    for heading in ("average precision", "whole", "forest", "text", "fair peer", "best single signal", "top 100"):
        models.add_column(heading, justify="left" if heading == "average precision" else "right")
    for name, model in (("first champion", before), ("retrained and promoted", after)):
        signal = f"{model['best_signal_average_precision']:.3f} {model['best_signal'].replace('_', ' ')}"
        figures = ("average_precision", "forest_alone", "text_alone", "fair_peer")
        whole, forest, text, peer = (f"{model[key]:.3f}" for key in figures)
        models.add_row(name, whole, forest, text, peer, signal, f"{model['found_per_100_reviews']:.0f} found")
    console.print(models)


_RESULTS: Final = {
    "scheduled": "scheduled",
    "pending_approval": "pending approval",
    "cases": "cases",
    "unknown": "unknown",
    "refused": "refused",
}


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
            " + ".join(f"{n:,} {_RESULTS[name]}" for name, n in reports.items() if name in _RESULTS),
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
        ("labels", f"{report['labels']:,}", f"in the last snapshot; {report['mlflow_runs']} runs in MLflow"),
    ]
