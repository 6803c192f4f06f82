"""The command line and its groups, in the order in which its help shows them."""

from importlib.metadata import version
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

# The panels of `touchstone --help` with their commands and groups, in this order.
PANELS: Final = {
    "Run": "quickstart serve worker migrate demo reference-marketplace openapi backup restore accept-secrets figures",
    "Data": "import quarantine rates score seller webhook",
    "Models": "train tune evaluate thresholds simulate drift promote rollback model mlflow breaker",
    "People": "marketplace person key",
    "Brands": "brand reporter",
    "Law": "export removal kill-switch evidence audit legal-hold erase",
}
_PANEL_OF: Final = {name: panel for panel, names in PANELS.items() for name in names.split()}


class _Touchstone(TyperGroup):
    """The whole command line; its help lists commands and groups in panels."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # noqa: ARG002
        names = [name for name in _PANEL_OF if name in self.commands]
        for name in names:
            self.commands[name].rich_help_panel = _PANEL_OF[name]  # type: ignore[attr-defined]  # typer's own class has it
        return names


app = typer.Typer(
    name="touchstone",
    cls=_Touchstone,
    help="Find counterfeit listings, ask the brands that can tell, act on their answer, and learn from it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _print_version(shows_version: bool) -> None:
    if shows_version:
        typer.echo(f"touchstone {version('touchstone')}")
        raise typer.Exit


@app.callback()
def _touchstone(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    return


def _add_group(name: str, text: str) -> typer.Typer:
    group = typer.Typer(help=text, no_args_is_help=True)
    app.add_typer(group, name=name)
    return group


erase = _add_group("erase", "Erase personal data.")
legal_hold = _add_group("legal-hold", "Legal holds: sellers whose data must not be erased.")
evidence = _add_group("evidence", "Evidence: listings as they were when somebody acted on them.")
model = _add_group("model", "Models: cards, registration, reproduction, past scores and the golden set.")
breaker = _add_group("breaker", "The circuit breaker on the volume of alerts.")
marketplace = _add_group("marketplace", "Marketplaces.")
person = _add_group("person", "People and their roles.")
brand = _add_group("brand", "Brands and their enrolment.")
key = _add_group("key", "API keys.")
webhook = _add_group("webhook", "Webhook endpoints of marketplaces.")
audit = _add_group("audit", "The audit log.")
reporter = _add_group("reporter", "Reporters of listings: registered, warned, muted.")
seller = _add_group("seller", "Contacts of sellers.")
removal = _add_group("removal", "Removals pending approval.")
kill_switch = _add_group("kill-switch", "Kill switches: turn automatic rules off and on.")
