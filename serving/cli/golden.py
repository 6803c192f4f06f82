"""Commands for the golden set: what models are measured by and never learn."""

from typing import Annotated, Any

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
golden = typer.Typer(
    help="The golden set: offers that two analysts judged alike, frozen to measure models by.", no_args_is_help=True
)
app.add_typer(golden, name="golden")


@golden.command("freeze")
def freeze(
    by: Annotated[str | None, typer.Option(help="E-mail of the administrator who freezes it.")] = None,
    marketplace: Marketplace = None,
) -> None:
    """Freeze what two analysts judged alike by now; these offers and their sellers teach no model from now on."""
    _say(call("freeze_golden_set", by=by, marketplace=marketplace))


@golden.command("show")
def show(marketplace: Marketplace = None) -> None:
    """Say which golden set is in force."""
    _say(call("show_golden_set", marketplace=marketplace))


def _say(found: dict[str, Any]) -> None:
    if found["digest"] is None:
        typer.echo("No golden set is frozen.")
        return
    typer.echo(f"Golden set {found['digest']}")
    typer.echo(f"{found['items']} offers, {found['positives']} counterfeit")
    typer.echo(f"frozen at {found['frozen_at']} by {found['frozen_by']}")
