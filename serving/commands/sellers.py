"""Commands about sellers: their contacts."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import seller
from serving.commands.options import Marketplace
from serving.commands.reference_tables import batches
from serving.commands.registry import At, Runtime, place_named
from serving.commands.showing import EXIT_FAILED, say

_AT_ONCE: Final = 1_000


@command()
def receive_contacts(
    runtime: Runtime, rows: list[dict[str, Any]], first_row: int, backfill: bool, marketplace: Marketplace = None
) -> dict[str, int]:
    """Hash contacts of sellers; returns how many are new, known and refused."""
    from serving.sellers.service import contacts

    place = place_named(runtime, marketplace)
    body = {"contacts": rows}
    return {**contacts.receive_contacts(runtime, place, body, backfill=backfill, first_row=first_row)}


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
    marketplace: Marketplace = None,
) -> None:
    """Load contacts of sellers; they are hashed on receipt and link listings that come in from now on.

    Ends with 1 if rows were refused; `touchstone quarantine` lists them."""
    counts = Counter[str]()
    for batch in batches(file, _AT_ONCE):
        counts.update(receive_contacts(batch, counts.total() + 1, backfill, marketplace))
    listed = " + ".join(f"{counts[name]:,} {name}" for name in ("new", "known", "quarantined"))
    say(f"{counts.total():,} contacts in = {listed}")
    if counts["quarantined"]:
        raise typer.Exit(EXIT_FAILED)


@command(seller, "erase-contacts")
def erase_contacts(at: At, seller_id: str) -> str:
    """Erase the hashes of a seller's contacts. This ends the seller's links to others; earlier scores stay."""
    from serving.sellers.service import contacts

    erased = contacts.erase_contacts(at.runtime, at.place, seller_id, by=LOCAL)
    return f"{erased:,} contacts of {seller_id} erased."
