"""The command `touchstone thresholds`: a promise about unseen sellers, or a refusal to make one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serving.commands.options import checked_output_path, write_json
from serving.commands.showing import print_table, unusable_file

if TYPE_CHECKING:
    from models.thresholds import Decline, Promise
    from training.threshold_file import ReviewableListings, ScoredListings

app = typer.Typer()


def _check_fraction(fraction: float) -> float:
    if not 0 < fraction < 1:
        raise typer.BadParameter("must lie between 0 and 1, both excluded.")
    return fraction


def _check_confidence(confidence: float) -> float:
    if not 0.5 <= confidence < 1:
        raise typer.BadParameter("must lie between 0.5 and 1, the latter excluded: less is a wager, not a promise.")
    return confidence


@app.command()
def thresholds(
    *,
    file: Annotated[Path, typer.Argument(metavar="SCORES", help="Parquet or CSV.", show_default=False)],
    score: Annotated[str, typer.Option(help="Column of the scores; higher is more suspicious.")],
    label: Annotated[str, typer.Option(help="Column of the labels: 1 is counterfeit, 0 is not.")],
    group: Annotated[str, typer.Option(help="Column that names the seller.")],
    precision: Annotated[float, typer.Option(callback=_check_fraction, help="The precision to promise.")] = 0.8,
    confidence: Annotated[
        float,
        typer.Option(
            callback=_check_confidence, help="The share of equally large sets of unseen sellers in which it holds."
        ),
    ] = 0.9,
    capacity: Annotated[
        float | None, typer.Option(min=0, help="Reviews a day and team; prints the score from which on to review.")
    ] = None,
    days: Annotated[float, typer.Option(min=0.001, help="Days over which the file's listings came in.")] = 1.0,
    team: Annotated[str | None, typer.Option(help="Column of the reviewing team; by default one team.")] = None,
    exposure: Annotated[
        str | None, typer.Option(help="Column of the people that a listing reaches: review by expected harm.")
    ] = None,
    risk: Annotated[str | None, typer.Option(help="Column of the risk to a consumer; 1 is ordinary.")] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", callback=checked_output_path, help="Write the answer here.")
    ] = None,
) -> None:
    """Find the lowest threshold whose precision can be promised for unseen sellers, or decline."""
    from models.thresholds import promise_threshold
    from training.threshold_file import read_reviewable, read_scored_listings

    with unusable_file():
        listings = read_scored_listings(file, score=score, label=label, group=group)
        work = read_reviewable(file, score=score, team=team, exposure=exposure, risk=risk) if capacity else None
    outcome = promise_threshold(
        listings.labels, listings.scores, listings.sellers, precision=precision, confidence=confidence
    )
    answer = _answer_as_dict(outcome, listings)
    _print_answer(answer, precision, confidence)
    if work is not None and capacity is not None:
        answer["workload"] = _workload(work, capacity, days)
        _print_workload(answer["workload"], capacity, "score" if exposure is None and risk is None else "expected harm")
    write_json(json_file, {**answer, "score": score, "precision": precision, "confidence": confidence})


def _answer_as_dict(outcome: "Promise | Decline", listings: "ScoredListings") -> dict[str, Any]:
    """The values of the file: `listings` and `sellers` count the judged ones."""
    from models.messages.english import in_english
    from models.policies.learning import DEFAULT_PROMISE
    from models.policies.version import policy_version
    from models.thresholds import Promise

    promise = outcome if isinstance(outcome, Promise) else None
    return {
        "decision": "promise" if promise else "decline",
        "threshold": promise.threshold if promise else None,
        "precision_bound": promise.bound if promise else None,
        "recall": promise.recall if promise else None,
        "listings": len(listings.labels),
        "sellers": int(listings.sellers.max()) + 1,
        "needed_sellers": 0 if isinstance(outcome, Promise) else outcome.needed_sellers,
        "observed_precision": promise.precision if promise else None,
        "flagged_listings": promise.flagged_listings if promise else None,
        "flagged_sellers": promise.flagged_sellers if promise else None,
        "seller_precision": promise.by_seller.observed if promise else None,
        "seller_precision_bound": promise.by_seller.bound if promise else None,
        "reason": "" if isinstance(outcome, Promise) else in_english(outcome.reason),
        "method": "capped seller balances",
        "policy": policy_version(DEFAULT_PROMISE),
    }


def _print_answer(answer: dict[str, Any], precision: float, confidence: float) -> None:
    from rich.console import Console

    console = Console(highlight=False)
    console.print(f"Judged: {answer['listings']:,} listings of {answer['sellers']:,} sellers.")
    aim = f"a precision of {precision:g} in {confidence:.4g} of equally large sets of unseen sellers"
    if answer["decision"] == "decline":
        console.print(f"Declined: no threshold can promise {aim}.\n{answer['reason']}")
        return
    console.print(f"Promised: {aim}.")
    rows = [
        ("flag from this score on, inclusive", f"{answer['threshold']:.6g}"),
        ("precision that could still be promised there", f"{answer['precision_bound']:.3f}"),
        ("precision seen there", f"{answer['observed_precision']:.3f}"),
        ("counterfeits found (recall)", f"{answer['recall']:.3f}"),
        ("listings flagged", f"{answer['flagged_listings']:,}"),
        ("sellers accused", f"{answer['flagged_sellers']:,}"),
        ("precision by seller, each counted once", f"{answer['seller_precision']:.3f}"),
        ("  promised of unseen sellers", f"{answer['seller_precision_bound']:.3f}"),
    ]
    print_table(("", ""), rows)


def _workload(work: "ReviewableListings", capacity: float, days: float) -> dict[str, Any]:
    from dataclasses import asdict

    from models.workload import thresholds_by_capacity

    capacities = dict.fromkeys(sorted(set(work.teams.tolist())), capacity)
    workloads = thresholds_by_capacity(work.scores, work.teams, days=days, capacity=capacities)
    return {name: asdict(workload) for name, workload in workloads.items()}


def _print_workload(workloads: dict[str, Any], capacity: float, by: str) -> None:
    rows = []
    for name, workload in workloads.items():
        threshold = "none: too many share the top" if workload["threshold"] is None else f"{workload['threshold']:.6g}"
        rows.append((name, threshold, f"{workload['daily']:.1f}"))
    title = f"At most {capacity:g} reviews a day and team, by {by}"
    print_table(("team", "review from, inclusive", "expected a day"), rows, title=title)
