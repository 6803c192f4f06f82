"""Commands about sellers: what is known of them beyond their offers, how to forget it, and how they compare."""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from serving.cli.people import Marketplace, call
from serving.cli.tables import batches

app = typer.Typer()
seller = typer.Typer(help="Sellers: shared contacts, risk, strikes, and lists.", no_args_is_help=True)
app.add_typer(seller, name="seller")
_AT_ONCE: Final = 1_000
By = Annotated[str | None, typer.Option(help="E-mail of the administrator who decided it.")]


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


@seller.command("risk")
def show_risk(
    seller_id: Annotated[str | None, typer.Argument(help="One seller; without, the riskiest.")] = None,
    *,
    most: Annotated[int, typer.Option(min=1, max=500, help="Sellers at most.")] = 20,
    refresh: Annotated[bool, typer.Option(help="Compare sellers anew first.")] = False,
    marketplace_name: Marketplace = None,
) -> None:
    """Show how risky sellers' offers are beside those of others, and the counts behind it."""
    found = call("show_seller_risk", seller=seller_id, most=most, refresh=refresh, marketplace=marketplace_name)
    if seller_id is not None:
        _print_one(found)
    elif found["as_of"] is None:
        typer.echo("Sellers have not been compared yet; it is done where a model scores.")
    else:
        _print_riskiest(found)


@seller.command("strikes")
def show_strikes(seller_id: str, marketplace_name: Marketplace = None) -> None:
    """Show what counts against a seller, incident by incident, and what people decided about it."""
    found = call("show_strikes", seller=seller_id, marketplace=marketplace_name)
    for sentence in found["reasons"]:
        typer.echo(sentence)
    for one in found["incidents"]:
        many = len(one["removals"])
        removals = "1 removal" if many == 1 else f"{many:,} removals"
        weighs = f"{one['kind']}, {one['weight']:g}, {removals}"
        typer.echo(f"  {one['began_at'][:10]}  {weighs}, spent on {one['spent_at'][:10]}")
    for one in found["sanctions"]:
        typer.echo(f"  {one['proposed_at'][:10]}  {one['measure']}: {one['state'].replace('_', ' ')}")


@seller.command("list")
def put_seller(
    seller_id: Annotated[str, typer.Argument(help="The marketplace's id of the seller.")],
    name: Annotated[str, typer.Argument(help="allow, watch or deny.")],
    reason: Annotated[str, typer.Option(help="Why; analysts read it with each offer.")],
    *,
    days: Annotated[int | None, typer.Option(min=1, help="For how many days; without, a year.")] = None,
    by: By = None,
    marketplace_name: Marketplace = None,
) -> None:
    """Put a seller on the allow, watch or deny list, in the place of an entry that stands."""
    found = call(
        "put_seller", seller=seller_id, name=name, reason=reason, days=days, by=by, marketplace=marketplace_name
    )
    typer.echo(f"{seller_id} is on the {found['list']} list until {found['expires_at'][:10]}.")


@seller.command("unlist")
def take_seller_off(seller_id: str, by: By = None, marketplace_name: Marketplace = None) -> None:
    """Take a seller off the list that it is on."""
    call("take_seller_off", seller=seller_id, by=by, marketplace=marketplace_name)
    typer.echo(f"{seller_id} is on no list.")


@seller.command("lists")
def list_sellers(
    most: Annotated[int, typer.Option(min=1, max=1_000, help="Entries at most.")] = 100,
    marketplace_name: Marketplace = None,
) -> None:
    """List the sellers on the allow, watch and deny lists, until when and why."""
    for one in call("list_listed_sellers", most=most, marketplace=marketplace_name)["entries"]:
        typer.echo(f"{one['list']:<6} {one['seller']}  until {one['expires_at'][:10]}: {one['reason']}")


def _print_one(found: dict[str, Any]) -> None:
    for sentence in found["reasons"]:
        typer.echo(sentence)
    if found["share"] is not None:
        typer.echo(
            f"Counterfeit, drawn toward the usual {found['usual_share']:.1%}: {found['share']:.1%} of the offers."
        )
    if found["as_of"] is not None:
        typer.echo(f"As of {found['as_of']}, {found['policy_version']}.")


def _print_riskiest(found: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    title = f"The riskiest of {found['sellers']:,} sellers, {found['window_days']} days up to {found['as_of']}"
    table = Table(title=title, title_justify="left")
    for heading in ("seller", "riskier than", "offers", "expected", "confirmed", "cleared"):
        table.add_column(heading, justify="left" if heading == "seller" else "right")
    for one in found["riskiest"]:
        counts = [f"{one['offers']:,}", f"{one['expected']:,.1f}", f"{one['confirmed']:,}", f"{one['cleared']:,}"]
        # Text, because a name may hold what a table takes for markup.
        table.add_row(Text(one["seller"]), f"{int(one['percentile'])}%", *counts)
    Console().print(table)
