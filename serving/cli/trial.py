"""Commands on a challenger that scores beside the champion."""

from typing import Annotated, Any

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
trial = typer.Typer(help="A challenger that scores live traffic beside the champion.", no_args_is_help=True)
app.add_typer(trial, name="trial")

By = Annotated[str | None, typer.Option(help="E-mail of whoever does it; a share needs as many people as a promotion.")]
Share = Annotated[float, typer.Option(help="Share of sellers about whose listings it decides, from 0 to below 1.")]


@trial.command("start")
def start_trial(
    bundle: Annotated[str, typer.Argument(help="A model's digest or its beginning, or 'challenger'.")] = "challenger",
    share: Share = 0.0,
    by: By = None,
    marketplace: Marketplace = None,
) -> None:
    """Let a model score every listing beside the champion, and decide about a share of sellers."""
    _say(call("start_trial", bundle=bundle, share=share, by=by, marketplace=marketplace))


@trial.command("share")
def change_share(
    share: Annotated[float, typer.Argument(help="Share of sellers about whose listings it decides.")],
    by: By = None,
    marketplace: Marketplace = None,
) -> None:
    """Let the model on trial decide about more sellers, or fewer."""
    _say(call("change_trial", share=share, by=by, marketplace=marketplace))


@trial.command("end")
def end_trial(by: By = None, marketplace: Marketplace = None) -> None:
    """End the trial; the champion decides about everybody again."""
    typer.echo(f"{call('end_trial', by=by, marketplace=marketplace)['digest'][:12]} is on trial no more.")


@trial.command("show")
def show_trial(marketplace: Marketplace = None) -> None:
    """Show what both models flagged since the trial began, and what is known of it by now."""
    found = call("show_trial", marketplace=marketplace)
    if found["digest"] is None:
        typer.echo("No model is on trial.")
        return
    _say(found)
    _print(found)


def _say(found: dict[str, Any]) -> None:
    deciding = f"decides about {found['share']:.0%} of sellers" if found["share"] else "looks on"
    typer.echo(f"{found['digest'][:12]} is on trial and {deciding}.")


def _print(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Since {found['since'][:10]}", title_justify="left")
    for heading in ("flagged by", "listings", "counterfeit", "genuine", "not known yet"):
        table.add_column(heading, justify="left" if heading == "flagged by" else "right")
    for name, key in (
        ("both", "both"),
        ("the champion alone", "only_champion"),
        ("the challenger alone", "only_challenger"),
        ("neither", "neither"),
    ):
        cell = found[key]
        unknown = cell["listings"] - cell["counterfeit"] - cell["genuine"]
        table.add_row(name, *(f"{n:,}" for n in (cell["listings"], cell["counterfeit"], cell["genuine"], unknown)))
    Console().print(table)
