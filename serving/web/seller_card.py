"""The seller as known when the offer was scored: counts with their sources, age, earlier outcomes."""

from dataclasses import dataclass
from typing import Final

from features.facts import Facts, Source
from features.fields import Windows
from serving.web import text_view, words
from serving.web.text_view import Shown

_SOURCES: Final = {
    Source.COMPUTED: "from seller events",
    Source.SUPPLIED: "as sent",
    Source.MISSING: "not known",
}


@dataclass(frozen=True, slots=True)
class SellerRow:
    """One measure over 7, 30 and 90 days; None is not known, which is not zero."""

    name: str
    counts: tuple[str | None, str | None, str | None]
    source: str


@dataclass(frozen=True, slots=True)
class Remark:
    """A fact of the seller beside its name."""

    name: str
    value: Shown


@dataclass(frozen=True, slots=True)
class SellerCard:
    """The card; `seller` is None where the offer names none, outcomes are None where none were recorded then."""

    seller: Shown | None
    authorised: bool
    rows: tuple[SellerRow, ...]
    remarks: tuple[Remark, ...]
    counterfeit: int | None
    genuine: int | None
    disagreement: str | None


def seller_card(facts: Facts) -> SellerCard:
    """The card of the facts' seller."""
    seller, block = facts.seller, facts.listing.seller
    sent = Source.SUPPLIED if any(value is not None for value in block.orders) else Source.MISSING
    rows = (
        _row("Orders", block.orders, sent),
        _row("Sales", seller.sales, seller.sales_source),
        _row("Returns", seller.returns, seller.returns_source),
        _row("Returned as fake", seller.fake_returns, seller.fake_returns_source),
    )
    outcomes = seller.outcomes
    return SellerCard(
        seller=text_view.show(block.external_id) if block.external_id else None,
        authorised=seller.authorised,
        rows=rows,
        remarks=tuple(_remarks(facts)),
        counterfeit=outcomes.counterfeit if outcomes else None,
        genuine=outcomes.genuine if outcomes else None,
        disagreement=seller.disagreement,
    )


def _row(name: str, counts: Windows, source: Source) -> SellerRow:
    shown = [None if count is None else f"{count:,.0f}" for count in counts]
    return SellerRow(name, (shown[0], shown[1], shown[2]), _SOURCES[source])


def _remarks(facts: Facts) -> list[Remark]:
    block, seller = facts.listing.seller, facts.seller
    rating = None
    if block.rating is not None:
        votes = f" from {block.rating_count:,}" if block.rating_count is not None else ""
        rating = f"{block.rating:.1f} of 5{votes}"
    pairs = (
        ("Account", None if block.age_days is None else f"{words.age(block.age_days)} old"),
        ("Known here", None if seller.known_days is None else _since(seller.known_days)),
        ("Established in", block.country),
        ("Rating", rating),
        ("Offers in 30 days", None if seller.listings_30d is None else f"{seller.listings_30d:,}"),
        ("Products", None if block.variety is None else f"{block.variety:,}"),
    )
    return [Remark(name, text_view.show(value)) for name, value in pairs if value is not None]


def _since(days: float) -> str:
    return "since today" if days < 1 else f"for {words.age(days)}"
