"""Commands about sellers: contacts, risk, strikes, lists."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from models.errors import Invalid
from models.seller_lists import SellerList
from serving.accounts.rules.access import LOCAL
from serving.commands.declaring import command
from serving.commands.groups import seller
from serving.commands.options import Marketplace
from serving.commands.reference_tables import batches
from serving.commands.registry import ADMINISTRATOR, At, Runtime, place_named
from serving.commands.showing import EXIT_FAILED, print_table, say

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


def _print_risk(found: dict[str, Any], seller_id: str | None) -> None:
    if seller_id is None:
        _print_riskiest(found)
        return
    say(found["reasons"])
    if found["share"] is not None:
        say(f"Counterfeit, drawn toward the prior {found['usual_share']:.1%}: {found['share']:.1%} of the listings.")
    if found["as_of"] is not None:
        say(f"As of {found['as_of']}, {found['policy_version']}.")


def _print_riskiest(found: dict[str, Any]) -> None:
    if found["as_of"] is None:
        say("Sellers have not been compared yet; the service compares them once a model scores.")
        return
    rows = []
    for one in found["riskiest"]:
        counts = (f"{one['offers']:,}", f"{one['expected']:,.1f}", f"{one['confirmed']:,}", f"{one['cleared']:,}")
        rows.append((one["seller"], f"{int(one['percentile'])}%", *counts))
    title = f"The riskiest of {found['sellers']:,} sellers, {found['window_days']} days up to {found['as_of']}"
    print_table(("seller", "riskier than", "listings", "expected", "confirmed", "cleared"), rows, title=title)


@command(seller, "risk", show=_print_risk)
def show_seller_risk(
    at: At,
    seller_id: Annotated[str | None, typer.Argument(help="One seller; by default the riskiest.")] = None,
    *,
    most: Annotated[int, typer.Option(min=1, max=500, help="Sellers at most.")] = 20,
    refresh: Annotated[bool, typer.Option(help="Compare sellers again first.")] = False,
) -> dict[str, Any]:
    """Show the risk of sellers' listings compared with others, and the counts behind it."""
    from serving.sellers.service import seller_risk

    if refresh:
        seller_risk.refresh(at.runtime, at.place)
    with at.runtime.store.read() as connection:
        if seller_id is None:
            return seller_risk.riskiest_answer(connection, at.here, most)
        return seller_risk.one_answer(at.runtime, connection, at.here, seller_id)


@command(seller, "strikes")
def show_strikes(at: At, seller_id: str) -> list[str]:
    """Show the strikes against a seller by incident, and the decisions about the seller."""
    from models.messages.english import in_english
    from serving.sellers.service.sanctioning import count_of
    from serving.sellers.store import sanctions

    with at.runtime.store.read() as connection:
        found = count_of(at.runtime, connection, at.here, seller_id, at.runtime.clock.now())
        decided = sanctions.of_seller(connection, at.here, seller_id)
    lines = list(map(in_english, found.reasons))
    for one in found.incidents:
        removals = "1 removal" if len(one.hits) == 1 else f"{len(one.hits):,} removals"
        weighs = f"{one.kind}, {one.weight:g}, {removals}"
        lines.append(f"  {one.began_at.date()}  {weighs}, spent on {one.spent_at.date()}")
    lines += [f"  {one.proposed_at.date()}  {one.measure}: {one.state.replace('_', ' ')}" for one in decided]
    return lines


@command(seller, "list", by=ADMINISTRATOR)
def put_seller(
    at: At,
    seller_id: Annotated[str, typer.Argument(help="The marketplace's id of the seller.")],
    name: Annotated[str, typer.Argument(help="allow, watch or deny.")],
    reason: Annotated[str, typer.Option(help="Why; analysts read it with each listing.")],
    *,
    days: Annotated[int | None, typer.Option(min=1, help="For how many days; by default a year.")] = None,
) -> str:
    """Put a seller on the allow, watch or deny list, in place of a current entry."""
    from serving.sellers.service.seller_listing import put_on_list

    if name not in set(SellerList):
        raise Invalid("There is no list {name}; there are {known}.", name=name, known=", ".join(SellerList))
    which = SellerList(name)
    entry = put_on_list(at.runtime, at.here, seller_id, which, reason=reason, days=days, by=at.actor)
    return f"{seller_id} is on the {entry.which} list until {entry.expires_at.date()}."


@command(seller, "unlist", by=ADMINISTRATOR)
def take_seller_off(at: At, seller_id: str) -> str:
    """Take a seller off its list."""
    from serving.sellers.service.seller_listing import take_off_list

    take_off_list(at.runtime, at.here, seller_id, by=at.actor)
    return f"{seller_id} is on no list."


@command(seller, "lists")
def list_listed_sellers(
    at: At, most: Annotated[int, typer.Option(min=1, max=1_000, help="Entries at most.")] = 100
) -> list[str]:
    """List the sellers on the allow, watch and deny lists, until when and why."""
    from serving.sellers.store.seller_lists import in_force

    with at.runtime.store.read() as connection:
        found = in_force(connection, {at.here}, at.runtime.clock.now(), most)
    return [f"{one.which:<6} {one.seller}  until {one.expires_at.date()}: {one.reason}" for _, one, _ in found]
