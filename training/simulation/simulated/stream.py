"""The data that the marketplace sends, by time: first rows, changes, repeats, broken rows and seller events."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from training.simulation.simulated.chance import Random, choose, happens
from training.simulation.simulated.habits import Kind
from training.simulation.simulated.listings import Draft, moment, on_later_day
from training.simulation.simulated.records import Row
from training.simulation.simulated.sellers import Seller
from training.simulation.simulated.words import TITLE_ENDINGS

CHANGED: Final = 0.03
REPEATED: Final = 0.015
BROKEN: Final = 0.005
_CHANGES_WITHIN: Final = 30.0  # Days.


@dataclass(frozen=True, slots=True)
class SentListing:
    """A listing to send at a given time, in the form of `POST /api/v1/listings`, without missing values."""

    at: datetime
    row: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SellerEvent:
    """An act of a buyer, to send at a given time.

    Goods returned as not genuine make two events at the same time, a return and a fake_return. A rating has no amount.
    """

    at: datetime
    row: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Truth:
    """The ground truth, which nobody on the marketplace knows.

    `kind` is how the seller trades (a value of `Craft` or `HonestTrade`), independent of this listing. Counterfeiters
    also sell genuine goods, and honest sellers occasionally sell a fake. `brand_id` is '' where the goods bear no
    registered brand.
    """

    counterfeit: bool
    brand_id: str
    kind: str
    seller: str


def truth_of(listing: Draft) -> Truth:
    """The simulation's ground truth of a listing."""
    kind: Kind = listing.seller.kind
    return Truth(listing.product.counterfeit, listing.product.brand_id, kind.value, listing.seller.external_id)


def sent_listings(
    random: Random, listings: Sequence[tuple[str, Draft]], start: datetime, days: int
) -> tuple[SentListing, ...]:
    """All rows by time; `listings` are pairs of external id and listing."""
    timed: list[tuple[float, Row]] = []
    for external_id, listing in listings:
        row = listing.row(external_id, start)
        timed.append((listing.day, row))
        if happens(random, CHANGED):
            after = _change_listing(random, listing, min(days, listing.day + 0.5 + _CHANGES_WITHIN * random.random()))
            timed.append((after.day, after.row(external_id, start)))
        elif happens(random, REPEATED):
            timed.append((min(days, listing.day + 20 * random.random()), row))
    rows = [row for _, row in timed if "description" in row]
    for number in range(max(1, round(BROKEN * len(listings)))):
        broken = {**choose(random, rows), "external_id": f"broken-{number:05d}"}
        _BREAKAGES[number % len(_BREAKAGES)](broken)
        timed.append((days * random.random(), broken))
    timed.sort(key=lambda pair: pair[0])
    return tuple(SentListing(moment(start, day), row) for day, row in timed)


def _change_listing(random: Random, listing: Draft, day: float) -> Draft:
    after = on_later_day(random, listing, day)
    content = dict(after.content)
    if happens(random, 0.7):
        content["price"] = f"{max(1.0, float(str(content['price'])) * (0.6 + 0.5 * random.random())):.2f}"
    else:
        style = listing.seller.style
        content["title"] = f"{content['title']}, {choose(random, TITLE_ENDINGS[style.story][style.language])}"
    return replace(after, content=content)


def _spoil_field(name: str, cell: object) -> Callable[[Row], None]:
    def spoil(row: Row) -> None:
        row[name] = cell

    return spoil


def _drop_currency(row: Row) -> None:
    del row["currency"]


def _put_nul_in_title(row: Row) -> None:
    row["title"] = f"{row['title']}\x00"


def _drop_time_offset(row: Row) -> None:
    row["occurred_at"] = str(row["occurred_at"])[:19]


# Each makes a row that validation rejects; these are typical mistakes of new integrations.
_BREAKAGES: Final[tuple[Callable[[Row], None], ...]] = (
    _spoil_field("currency", "euro"), _spoil_field("price", "-19.90"), _spoil_field("price", "ask"),
    _spoil_field("titel", "Tote bag"), _spoil_field("seller", "casa-001"), _spoil_field("condition", "like new"),
    _spoil_field("photos_count", -1), _spoil_field("rating_counts", [1, 2, 3]),
    _spoil_field("link", "ftp://market.example/1"), _spoil_field("title", "Colline " * 200), _drop_currency,
    _put_nul_in_title, _drop_time_offset,
)  # fmt: skip


def seller_events(
    random: Random, listings: Sequence[tuple[str, Draft]], start: datetime, days: int
) -> tuple[SellerEvent, ...]:
    """The events of followed sellers within the history, by time; a sale refers to a listing that existed by then."""
    by_seller: dict[str, list[tuple[str, Draft]]] = {}
    for external_id, listing in listings:
        if listing.seller.record.ledger is not None:
            by_seller.setdefault(listing.seller.external_id, []).append((external_id, listing))
    timed: list[tuple[float, Row]] = []
    for mine in by_seller.values():
        timed.extend(_events_of(random, mine[0][1].seller, mine))
    inside = sorted((pair for pair in timed if 0 <= pair[0] < days), key=lambda pair: pair[0])
    return tuple(
        SellerEvent(
            moment(start, day),
            {"event_id": f"event-{number:07d}", **row, "occurred_at": moment(start, day).isoformat()},
        )
        for number, (day, row) in enumerate(inside)
    )


def _events_of(random: Random, seller: Seller, listings: Sequence[tuple[str, Draft]]) -> list[tuple[float, Row]]:
    assert seller.record.ledger is not None
    sold: dict[int, str | None] = {}
    events: list[tuple[float, Row]] = []
    for ledger_entry in seller.record.ledger.entries:
        if ledger_entry.sale not in sold:
            up = [external_id for external_id, draft in listings if draft.day < ledger_entry.day]
            sold[ledger_entry.sale] = choose(random, up) if up else None
        row: Row = {"seller": seller.external_id, "kind": ledger_entry.kind}
        if (listing := sold[ledger_entry.sale]) is not None:
            row["listing"] = listing
        if ledger_entry.kind != "rating":
            row |= {"amount": f"{ledger_entry.amount:.2f}", "currency": seller.style.currency}
        events.append((ledger_entry.day, row))
    return events
