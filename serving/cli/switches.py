"""Commands of the switches: what acts by itself, and how to stop it at once."""

from typing import Annotated

import typer

from serving.cli.people import Marketplace, call

app = typer.Typer()
switch = typer.Typer(help="Switch automatic rules off and on.", no_args_is_help=True)
app.add_typer(switch, name="switch")
Rule = Annotated[str, typer.Argument(help="Its name as `touchstone switch show` gives it.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log and, while the rule is off, on the pages.")]
By = Annotated[str | None, typer.Option(help="E-mail of the administrator who decided it.")]


@switch.command("show")
def show(marketplace: Marketplace = None) -> None:
    """Say of every automatic rule whether it is on, and what that means."""
    for one in call("show_switches", marketplace=marketplace)["rules"]:
        state = "on" if one["on"] else f"OFF since {one['since']} ({one['reason']})"
        typer.echo(f"{one['rule']}: {state}. {one['means']}")


@switch.command("off")
def off(rule: Rule, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """Switch a rule off from the next request on."""
    call("switch_rule", rule=rule, on=False, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{rule} is off.")


@switch.command("on")
def on(rule: Rule, reason: Reason, by: By = None, marketplace: Marketplace = None) -> None:
    """Switch a rule on again."""
    call("switch_rule", rule=rule, on=True, reason=reason, by=by, marketplace=marketplace)
    typer.echo(f"{rule} is on.")
