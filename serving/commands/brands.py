"""Commands about brands, their enrolment and price lists, and about exchange rates."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import app, brand
from serving.commands.options import Marketplace
from serving.commands.registry import CommandScope, Runtime

# A request to the service holds at most 5 MB; a row of a price list has a few hundred bytes.
_AT_ONCE: Final = 5_000


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


@command()
def load_rates(runtime: Runtime, rows: list[dict[str, Any]]) -> int:
    """Load dated exchange rates; returns how many."""
    from serving.marketplaces.service import exchange_rates

    return exchange_rates.load_rates(runtime, rows, by=LOCAL)


@app.command()
def rates(
    file: Annotated[Path, typer.Argument(help="CSV, TSV, NDJSON, Parquet: day, currency, euros, source")],
) -> None:
    """Load dated exchange rates: the value of one unit of a currency in euros. A price without one is not compared."""
    typer.echo(f"{sum(map(load_rates, batches(file))):,} rates loaded.")


@command()
def load_price_list(runtime: Runtime, brand: str, rows: list[dict[str, Any]], marketplace: str | None = None) -> int:
    """Add a brand's list prices at a marketplace; returns how many."""
    from serving.brands.service import price_lists

    return price_lists.load_price_list(runtime, brand, rows, marketplace=marketplace, by=LOCAL)


@brand.command("price-list")
def price_list(
    name: str,
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, NDJSON or Parquet: gtin, mpn, model or category; price, currency; valid_from, source."
        ),
    ],
    marketplace: Marketplace = None,
) -> None:
    """Add a brand's list prices; an entry holds from its day until a later entry for the same goods."""
    loaded = sum(load_price_list(name, batch, marketplace) for batch in batches(file))
    typer.echo(f"{loaded:,} list prices of {name} loaded.")


def batches(file: Path, size: int = _AT_ONCE) -> list[list[dict[str, Any]]]:
    """The rows of a file as text; blank cells are left out."""
    from training.adapters.files import UnreadableFile, read_rows

    try:
        rows = list(read_rows(file))
    except UnreadableFile as problem:
        raise typer.BadParameter(str(problem), param_hint="FILE") from None
    for row in rows:
        if row.problem is not None:
            raise typer.BadParameter(f"row {row.number}: {row.problem.sentence}", param_hint="FILE")
    texts = [{name: str(cell) for name, cell in row.cells.items() if cell not in (None, "")} for row in rows]
    return [texts[start : start + size] for start in range(0, len(texts), size)]
