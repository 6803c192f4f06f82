"""Commands about brands and their enrolment."""

from typing import Annotated

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import brand
from serving.commands.options import Marketplace
from serving.commands.registry import Runtime


@command(brand, "add")
def add_brand(
    runtime: Runtime,
    name: str,
    alias: Annotated[list[str] | None, typer.Option(help="Another name; repeat it.")] = None,
    gtin_prefix: Annotated[list[str] | None, typer.Option(help="A GS1 company prefix; repeat it.")] = None,
) -> str:
    """Register a brand."""
    from serving.accounts.service import provisioning

    aliases, prefixes = alias or [], gtin_prefix or []
    return provisioning.add_brand(runtime, name=name, aliases=aliases, gtin_prefixes=prefixes, by=LOCAL).brand_id


@command(brand, "enrol")
def enrol_brand(
    runtime: Runtime,
    name: str,
    *,
    account_manager: Annotated[
        str | None, typer.Option(help="E-mail of its account manager; by default the one with the fewest brands.")
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
    from serving.accounts.service import provisioning

    sellers = tuple(authorise or ())
    provisioning.enrol(
        runtime,
        provisioning.NewEnrolment(
            name, account_manager, takes_part, marketplace, sellers, daily_questions, first_phase
        ),
        by=LOCAL,
    )
    return f"{name} is enrolled."
