"""Commands about sellers: what is known of them beyond their offers, and how to forget it."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer

from serving.cli.people import Marketplace, call
from serving.cli.tables import batches

app = typer.Typer()
seller = typer.Typer(help="Sellers: contacts that they share.", no_args_is_help=True)
app.add_typer(seller, name="seller")
_AT_ONCE: Final = 1_000


@seller.command("contacts")
def load_contacts(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, NDJSON, Parquet: seller, kind (phone, email, handle, payout, address), value, occurred_at."
        ),
    ],
    *,
    backfill: Annotated[bool, typer.Option(help="Treat contacts as known since occurred_at.")] = False,
    marketplace_name: Marketplace = None,
) -> None:
    """Load contacts of sellers; they are hashed on receipt, and offers that come in from now on are linked by them."""
    counts = Counter[str]()
    for some in batches(file, _AT_ONCE):
        counts.update(call("receive_contacts", rows=some, backfill=backfill, marketplace=marketplace_name))
    listed = " + ".join(f"{counts[name]:,} {name}" for name in ("new", "known", "quarantined"))
    typer.echo(f"{counts.total():,} contacts in = {listed}")


@seller.command("erase-contacts")
def erase_contacts(seller_id: str, marketplace_name: Marketplace = None) -> None:
    """Erase the hashes of a seller's contacts; it is linked with nobody any more, and earlier scores stay."""
    erased = call("erase_contacts", seller=seller_id, marketplace=marketplace_name)["erased"]
    typer.echo(f"{erased:,} contacts of {seller_id} erased.")
