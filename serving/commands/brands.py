"""Commands about brands and their enrolment."""

from typing import Annotated

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import brand
from serving.commands.options import Marketplace
from serving.commands.registry import CommandScope, Runtime


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


@command(brand, "approve-figure")
def approve_figure(at: CommandScope, name: str) -> str:
    """Approve the removals a day that an account manager has proposed for a brand, as the second person."""
    from serving.brands.service import managed_brands
    from serving.brands.store import brands

    with at.runtime.store.read() as connection:
        brand_id = brands.by_name(connection, name).brand_id
    figure = managed_brands.approve_contract_day(at.runtime, (at.place.marketplace_id, brand_id), by=at.actor)
    return f"{name} may remove {figure:,} a day."


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
) -> str:
    """Enrol a brand in a marketplace, or change its enrolment."""
    from serving.accounts.service import provisioning

    sellers = tuple(authorise or ())
    provisioning.enrol(
        runtime,
        provisioning.NewEnrolment(name, account_manager, takes_part, marketplace, sellers, daily_questions),
        by=LOCAL,
    )
    return f"{name} is enrolled."
