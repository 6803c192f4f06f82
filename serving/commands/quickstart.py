"""`touchstone quickstart`: from a file of listings to a queue of one's own, in one command."""

from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Final

import typer

from serving.accounts.rules.access import FIRST_ROLES, LOCAL, Role
from serving.commands.data import FILE, guessed_format, import_file
from serving.commands.declaring import command
from serving.commands.groups import app
from serving.commands.options import settings_with
from serving.commands.people import make_reset_link
from serving.commands.registry import Runtime
from serving.commands.showing import print_table, say, unusable_file

if TYPE_CHECKING:
    from training.dataset import CheckedRow

_SHOWN: Final = 10
_WIDEST: Final = 60


@command()
def found_marketplace(runtime: Runtime, name: str, currency: str, email: str, sells_in: list[str]) -> str:
    """Create the only marketplace with an administrator who holds every role; returns its id.

    Raises Conflict (there is a marketplace already).
    """
    from models.errors import Conflict
    from serving.accounts.service import provisioning
    from serving.brands.service import brand_file
    from serving.marketplaces.store import marketplaces

    with runtime.store.read() as connection:
        if marketplaces.all_marketplaces(connection):
            raise Conflict("This data directory has a marketplace already. Use `touchstone import` instead.")
    marketplace = provisioning.add_marketplace(runtime, name=name, base_currency=currency, by=LOCAL)
    brand_file.set_sales_territory(runtime, sells_in, marketplace=name, by=LOCAL)
    administrator = provisioning.NewPerson(email, "Administrator", Role.ADMIN, marketplace=name, also=FIRST_ROLES)
    provisioning.add_person(runtime, administrator, by=LOCAL)
    return marketplace.marketplace_id


@command()
def count_open_cases(runtime: Runtime, marketplace_id: str) -> int:
    """The number of cases that wait in the queue of a marketplace."""
    from serving.cases.store import cases

    with runtime.store.read() as connection:
        due = cases.due_by_lane(connection, marketplace_id, datetime.max.replace(tzinfo=UTC))
    return sum(number for number, _ in due.values())


@app.command()
def quickstart(
    file: FILE,
    *,
    marketplace: Annotated[str, typer.Option(help="Name of the marketplace.")] = "My marketplace",
    email: Annotated[str, typer.Option(help="E-mail address of its administrator.")] = "admin@touchstone.example",
    currency: Annotated[str, typer.Option(help="Of the marketplace, and of prices that name none.")] = "EUR",
    sells_in: Annotated[list[str] | None, typer.Option(help="Countries where it sells; EU by default.")] = None,
    column: Annotated[list[str] | None, typer.Option(help="As of `touchstone import`.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Import without asking.")] = False,
) -> None:
    """Create a marketplace, import a file of your listings, and show how to sign in."""
    from serving.platform.home import Home
    from serving.platform.public_address import public_address
    from training.dataset import read_listings

    guess = guessed_format(file, column or [], currency)
    with unusable_file():
        rows = list(islice(read_listings(file, guess, received_at=datetime.now(UTC)), _SHOWN))
    print_table(
        ("row", "title", "brand", "seller", "price"), map(_shown_row, rows), on_left=("title", "brand", "seller")
    )
    if not yes:
        typer.confirm("Import all rows so? (--column NAME=FIELD corrects a column)", abort=True)
    marketplace_id = found_marketplace(marketplace, currency, email, sells_in or ["EU"])
    refused: typer.Exit | None = None
    try:
        import_file(file, currency=currency, column=column, format_name=None, marketplace=marketplace)
    except typer.Exit as some_refused:
        refused = some_refused
    settings = settings_with()
    say((
        f"Cases in the queue: {count_open_cases(marketplace_id):,}.",
        "Start the service with `touchstone serve`, unless it runs, and choose a password within 24 hours at",
        public_address(settings, Home.at(settings.home)) + make_reset_link(email),
    ))  # fmt: skip
    if refused is not None:
        raise refused


def _shown_row(row: "CheckedRow") -> tuple[str, ...]:
    from features.listing import Rejection

    listing = row.listing
    if isinstance(listing, Rejection):
        return str(row.number), f"refused: {listing.sentence}"[:_WIDEST], "", "", ""
    price = "" if listing.price is None else f"{listing.price} {listing.currency}"
    texts = (listing.title, listing.brand, listing.seller.external_id)
    return str(row.number), *((text or "")[:_WIDEST] for text in texts), price
