"""Commands about brands: enrolment and counterfeit indicators."""

from typing import Annotated

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import brand, indicator
from serving.commands.options import Marketplace, moment_if, one_of
from serving.commands.registry import At, Runtime


@command(brand, "add")
def add_brand(
    runtime: Runtime,
    name: str,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeat it.")] = None,
    gtin_prefix: Annotated[list[str] | None, typer.Option(help="A GS1 company prefix; repeat it.")] = None,
) -> str:
    """Register a brand."""
    from serving.administration.service import provisioning

    aliases, prefixes = alias or [], gtin_prefix or []
    return provisioning.add_brand(runtime, name=name, aliases=aliases, gtin_prefixes=prefixes, by=LOCAL).brand_id


@command(brand, "enrol")
def enrol_brand(
    runtime: Runtime,
    name: str,
    *,
    account_manager: Annotated[
        str | None,
        typer.Option(help="E-mail of its account manager; by default the one with the fewest brands."),
    ] = None,
    takes_part: Annotated[bool, typer.Option(help="Whether the brand answers questions.")] = True,
    authorise: Annotated[list[str] | None, typer.Option(help="Id of an authorised seller; repeat it.")] = None,
    daily_questions: Annotated[
        int | None, typer.Option(min=0, help="Most questions a day; without it there is no limit.")
    ] = None,
    marketplace: Marketplace = None,
    first_phase: Annotated[
        bool, typer.Option(help="Whether the brand begins within limits; not one that you know already.")
    ] = True,
) -> str:
    """Enrol a brand in a marketplace, or change its enrolment."""
    from serving.administration.service import provisioning

    sellers = tuple(authorise or ())
    provisioning.enrol(
        runtime,
        provisioning.NewEnrolment(
            name, account_manager, takes_part, marketplace, sellers, daily_questions, first_phase
        ),
        by=LOCAL,
    )
    return f"{name} is enrolled."


def _direction(value: str) -> str:
    from features.indicators import Direction

    return one_of(value, Direction, "--direction")


def _where(value: str) -> str:
    from features.indicators import Where

    return one_of(value, Where, "--where")


@command(indicator, "add")
def add_indicator(
    at: At,
    brand: str,
    *,
    label: Annotated[str, typer.Option(help="Its name on pages.")],
    pattern: Annotated[str, typer.Option(help="An RE2 pattern, matched against the folded text.")],
    direction: Annotated[
        str, typer.Option(callback=_direction, help="counterfeit or genuine: what a match indicates.")
    ] = "counterfeit",
    where: Annotated[str, typer.Option(callback=_where, help="title, description or any.")] = "any",
    active_from: Annotated[str | None, typer.Option("--from", help="When it begins; by default now.")] = None,
    active_to: Annotated[str | None, typer.Option("--to", help="When it ends; by default never.")] = None,
) -> str:
    """Add a counterfeit indicator of a brand; it applies to listings that come in from now on."""
    from features.indicators import Direction, Where
    from serving.brands.service import indicators

    begins, ends, place = moment_if(active_from), moment_if(active_to), at.place.name
    wanted = indicators.NewIndicator(brand, label, pattern, Direction(direction), Where(where), begins, ends, place)
    return indicators.add_indicator(at.runtime, wanted, by=at.actor).indicator_id


@command(indicator, "list")
def list_indicators(at: At, brand: Annotated[str | None, typer.Option(help="Only this brand's.")] = None) -> list[str]:
    """Show the counterfeit indicators that are not withdrawn."""
    from serving.brands.service import indicators

    texts: list[str] = []
    for name, one in indicators.listed(at.runtime, brand=brand, marketplace=at.place.name):
        until = f" to {one.active_to.date()}" if one.active_to else ""
        texts.append(f"{one.indicator_id}  {name}: {one.label}")
        texts.append(f"  {one.direction}, {one.where}, from {one.active_from.date()}{until}: {one.pattern}")
    return texts or ["No brand has supplied an indicator."]


@command(indicator, "remove")
def remove_indicator(at: At, indicator_id: str) -> str:
    """Withdraw a counterfeit indicator; earlier scores with it stay as they were."""
    from serving.brands.service import indicators

    indicators.remove_indicator(at.runtime, indicator_id, marketplace=at.place.name, by=at.actor)
    return f"{indicator_id} is withdrawn."
