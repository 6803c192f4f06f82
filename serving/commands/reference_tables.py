"""Commands that load reference tables: exchange rates, brands' price lists."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import app, brand
from serving.commands.options import Marketplace
from serving.commands.registry import Runtime

# A request to the service holds at most 5 MB; a row of a price list has a few hundred bytes.
_AT_ONCE: Final = 5_000


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
