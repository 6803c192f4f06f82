"""Commands about marketplaces, people and API keys."""

from typing import Annotated

import typer

from serving.accounts.rules.access import LOCAL, Role, Scope
from serving.commands.declaring import command
from serving.commands.groups import key, marketplace, person
from serving.commands.options import Marketplace, one_of, settings_with
from serving.commands.registry import At, Runtime


def _scopes(wanted: list[str]) -> list[str]:
    unknown = [one for one in wanted if one not in set(Scope)]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is no scope.", param_hint="--scope")
    return wanted


@command(marketplace, "add")
def add_marketplace(
    runtime: Runtime, name: str, currency: Annotated[str, typer.Option(help="Base currency.")] = "EUR"
) -> str:
    """Create a marketplace."""
    from serving.administration.service import provisioning

    return provisioning.add_marketplace(runtime, name=name, base_currency=currency, by=LOCAL).marketplace_id


@command(marketplace, "sells-in")
def sell_in(at: At, territory: Annotated[list[str], typer.Argument()]) -> str:
    """Set where a marketplace sells: rights that hold in none of these territories support no takedowns there."""
    from serving.rights.service import rights

    rights.sell_in(at.runtime, territory, marketplace=at.place.name, by=at.actor)
    return f"It sells in {', '.join(territory)}."


@command(person, "add")
def add_person(
    runtime: Runtime,
    email: str,
    name: Annotated[str, typer.Option(help="Full name.")],
    role: Annotated[
        str,
        typer.Option(
            callback=lambda value: one_of(value, Role, "--role"),
            help="analyst, brand, account_manager, data_scientist or admin.",
        ),
    ],
    brand: Annotated[str | None, typer.Option("--brand", help="The brand of a brand user.")] = None,
    marketplace_name: Marketplace = None,
    *,
    certified: Annotated[
        bool, typer.Option("--certified", help="You vouch that this brand user meets the certification.")
    ] = False,
    leads: Annotated[
        bool, typer.Option("--leads", help="A brand user who may change what the brand has on file.")
    ] = False,
) -> str:
    """Create an account; the password is shown once."""
    from serving.administration.service import provisioning

    wanted = provisioning.NewPerson(email, name, Role(role), marketplace_name, brand, None, certified, leads)
    _, password = provisioning.add_person(runtime, wanted, by=LOCAL)
    return f"{email} {password}"


@command()
def make_reset_link(runtime: Runtime, email: str) -> str:
    """Make a password reset link; returns its path."""
    from serving.administration.service import reset_links

    return reset_links.make_link_as_owner(runtime, email, by=LOCAL)


@person.command("reset")
def reset_password(email: str) -> None:
    """Make a password reset link; it is shown once, works once, and expires after 24 hours."""
    from serving.platform.home import Home
    from serving.platform.public_address import public_address

    settings = settings_with()
    typer.echo(public_address(settings, Home.at(settings.home)) + make_reset_link(email))


@command(key, "add")
def add_key(
    at: At,
    name: str,
    scope: Annotated[
        list[str],
        typer.Option(callback=_scopes, help="intake, score, endpoints, backfill or clock; repeat it."),
    ],
) -> str:
    """Make an API key; it is shown once."""
    from serving.administration.service import provisioning

    wanted = [Scope(one) for one in scope]
    return provisioning.add_key(at.runtime, name=name, scopes=wanted, marketplace=at.place.name, by=at.actor)
