"""The command simulate."""

from pathlib import Path
from typing import Annotated, Any

import typer

from serving.commands.options import Figures, write_json
from serving.commands.showing import print_table, progress_bar

app = typer.Typer()
_DEFAULT_LISTINGS = 10_000  # As in training.simulation.simulate, which is imported late.


def _arms(text: str) -> tuple[str, ...]:
    """The arms in a comma-separated list; the prefix of several arms stands for all of them.

    Raises typer.BadParameter (no arm has such a name).
    """
    from training.simulation.arms import ARMS

    if text == "all":
        return tuple(ARMS)
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if not any(arm == name or arm.startswith(f"{name}-") for arm in ARMS):
            raise typer.BadParameter(f"{name} is none of {', '.join(ARMS)}.", param_hint="--arms")
    exact = {name for name in names if name in ARMS}
    return tuple(arm for arm in ARMS if arm in exact or any(arm.startswith(f"{n}-") for n in names if n not in ARMS))


@app.command()
def simulate(
    *,
    months: Annotated[int, typer.Option(min=2, max=36, help="Simulated months of 30 days.")] = 12,
    listings: Annotated[
        int, typer.Option(min=500, max=200_000, help="Listings that come in during these months.")
    ] = _DEFAULT_LISTINGS,
    seed: Annotated[int, typer.Option(min=0, help="The first seed; it determines the whole simulation.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Number of consecutive seeds.")] = 1,
    arms: Annotated[
        str, typer.Option(help="'all', or a comma-separated list of names; 'cleared' means every share.")
    ] = "all",
    processes: Annotated[int | None, typer.Option(min=1, help="Arms in parallel; by default one per core.")] = None,
    json_file: Figures = None,
    plots: Annotated[Path | None, typer.Option(file_okay=False, help="Folder to write the pictures to.")] = None,
) -> None:
    """Run the closed loop on a simulated marketplace in several arms, and compare them."""
    from training.simulation.plots import draw_plots
    from training.simulation.simulate import Plan, simulate

    chosen = _arms(arms)
    plan = Plan(arms=chosen, seeds=tuple(range(seed, seed + seeds)), listings=listings, months=months)
    with progress_bar("simulating", 1.0) as move:
        simulation = simulate(plan, jobs=processes or -1, progress=move)
    _print_comparison(simulation)
    write_json(json_file, simulation)
    if plots is not None:
        plots.mkdir(parents=True, exist_ok=True)
        for path in draw_plots(simulation, plots):
            typer.echo(f"{path}")


def _print_comparison(simulation: dict[str, Any]) -> None:
    from rich.console import Console

    console, arms = Console(), simulation["summary"]["arms"]
    rows, attacks = [], []
    for name, arm in arms.items():
        covered = arm["prevalence"]
        reviews = (f"{arm['reviews']:,}", f"{arm['found']:,}", _figure(arm["found_per_100_reviews"], 1))
        months = f"{_figure(covered['covered'], 2)} of {covered['months']}" if covered["months"] else "nothing drawn"
        rows.append((name, *reviews, _figure(arm["recall"], 3), months, f"{arm['promoted']} of {arm['trained']}"))
        attacks.append((name, _counts_in_words(arm["refused_by"]), *_attack_cells(arm.get("attack"))))
    headings = ("", "reviews", "found", "per 100", "recall", "prevalence covered", "promoted")
    print_table(headings, rows, title="Simulated: months of the second half, all seeds together")
    attacked = ("", "refused by", "planted", "recall lost", "blocked by")
    title = "Simulated: why candidates were not promoted, and what attacks did"
    print_table(attacked, attacks, title=title, on_left=attacked)
    for claim in simulation["summary"]["claims"]:
        mark = "[green]holds[/]" if claim["holds"] else "[red]FAILS[/]"
        bound = _figure(claim["bound"], 3)
        console.print(f"{mark}  {claim['claim']}: {_figure(claim['figure'], 3)}, bound {bound}", highlight=False)


def _attack_cells(attack: dict[str, Any] | None) -> tuple[str, ...]:
    if not attack:
        return ("", "", "")
    lost = _figure(attack["slice_recall_lost"], 3)
    return (f"{attack['planted_answers']:,}", lost, _counts_in_words(attack["blocked_by"]))


def _counts_in_words(names: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {times}" for name, times in sorted(names.items())) or "-"


def _figure(number: float | None, digits: int) -> str:
    return "unknown" if number is None else f"{number:.{digits}f}"
