"""The seller at scoring time: counts with their series and sources, strikes, earlier outcomes; and the current risk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Final

from sqlalchemy import Connection

from features.contacts import KIND_WORDS, ContactKind
from features.facts import Facts, Source
from features.fields import Windows
from features.links import LinkedSeller, Links
from models.messages.english import in_english
from models.policies.sellers import SanctionPolicy, StrikePolicy
from models.strikes import count_strikes
from serving.platform.runtime import ByClass, Runtime
from serving.sellers.policy import DEFAULT_LINKS
from serving.sellers.service.seller_risk import risk_of
from serving.sellers.store import activity_series, strikes
from serving.sellers.store.activity_series import LISTINGS, STEP, STEPS
from serving.web import charts, text_view
from serving.web.queue.queue_rows import seller_address
from serving.web.series_charts import Sparkline, sparkline
from serving.web.text_view import ShownText
from serving.web.wording import words

_SOURCES: Final = {
    Source.COMPUTED: "from seller events",
    Source.SUPPLIED: "reported by the marketplace",
    Source.MISSING: "not known",
}


@dataclass(frozen=True, slots=True)
class SellerRow:
    """A measure over 7, 30 and 90 days, with its series; None is unknown, which is not zero."""

    name: str
    series: Sparkline
    counts: tuple[str | None, str | None, str | None]


def seller_card(
    connection: Connection, marketplace_id: str, facts: Facts, policies: ByClass, now: datetime
) -> SimpleNamespace:
    seller, block = facts.seller, facts.listing.seller
    known = block.external_id
    trade = activity_series.series_by_kind(connection, marketplace_id, known, facts.as_of) if known else {}
    measured = (
        ("Sales", seller.sales, seller.sales_source, "sale"),
        ("Returns", seller.returns, seller.returns_source, "return"),
        ("Returned as fake", seller.fake_returns, seller.fake_returns_source, "fake_return"),
    )
    since = facts.as_of - timedelta(days=seller.known_days) if seller.known_days is not None else None
    listings = (None, None if seller.listings_30d is None else f"{seller.listings_30d:,}", None)
    rows = [SellerRow("New listings", _sparkline("new listings", trade.get(LISTINGS), facts.as_of, since), listings)]
    for name, counts, source, kind in measured:
        step_counts = trade.get(kind, [0] * STEPS) if source is Source.COMPUTED else None
        reported = max(filter(None, (seller.events_since, since)), default=None)
        rows.append(
            SellerRow(name, _sparkline(name.lower(), step_counts, facts.as_of, reported), _counts_in_words(counts))
        )
    if any(order_count is not None for order_count in block.orders):
        rows.append(SellerRow("Orders", _sparkline("orders", None, facts.as_of, None), _counts_in_words(block.orders)))
    outcomes, struck = seller.outcomes, strikes.of_seller(connection, marketplace_id, known) if known else []
    strike_total = count_strikes(struck, as_of=now, policy=policies[StrikePolicy]).total
    return SimpleNamespace(
        seller=text_view.show(known) if known else None,
        address=seller_address(marketplace_id, known) if known else None,
        authorised=seller.authorised,
        strikes=(strike_total, int(policies[SanctionPolicy].close_from)) if known else None,
        rows=tuple(rows),
        sources=_sources_in_words({name: source for name, _, source, _ in measured}),
        remarks=_remarks(facts),
        counterfeit=outcomes.counterfeit if outcomes else None,
        genuine=outcomes.genuine if outcomes else None,
        disagreement=seller.disagreement,
    )


def _sparkline(what: str, step_counts: Sequence[int] | None, until: datetime, since: datetime | None) -> Sparkline:
    """The values since the seller joined or reports began; earlier steps are unknown."""
    begin = until - STEP * STEPS
    values: list[float | None] = [
        None if step_counts is None or since is None or begin + STEP * (step + 1) <= since else float(step_counts[step])
        for step in range(STEPS)
    ]
    seen = [step_value for step_value in values if step_value is not None]
    label = f"{what}, last 90 days, six-day steps"
    return sparkline(values, f"{label}: {min(seen):.0f} to {max(seen):.0f}" if seen else label)


def _counts_in_words(counts: Windows) -> tuple[str | None, str | None, str | None]:
    shown = [None if number is None else f"{number:,.0f}" for number in counts]
    return shown[0], shown[1], shown[2]


def _sources_in_words(sources_by_name: Mapping[str, Source]) -> str:
    """The sources of the counts, grouped by source."""
    by_source: dict[Source, list[str]] = {}
    for name, source in sources_by_name.items():
        by_source.setdefault(source, []).append(name.lower())
    return ". ".join(f"{words.join_list(names).capitalize()} {_SOURCES[source]}" for source, names in by_source.items())


def _remarks(facts: Facts) -> list[tuple[str, ShownText]]:
    block, seller = facts.listing.seller, facts.seller
    rating = None
    if block.rating is not None:
        votes = f" from {block.rating_count:,}" if block.rating_count is not None else ""
        rating = f"{block.rating:.1f} of 5{votes}"
    pairs = (
        ("Account age", None if block.age_days is None else f"{words.age(block.age_days)}"),
        ("On record", None if seller.known_days is None else _age_in_words(seller.known_days)),
        ("Country", block.country),
        ("Rating", rating),
        ("Products", None if block.variety is None else f"{block.variety:,}"),
    )
    return [(name, text_view.show(text)) for name, text in pairs if text is not None]


def _age_in_words(days: float) -> str:
    return "since today" if days < 1 else f"for {words.age(days)}"


_WIDTH: Final = 96  # Leaves room for the sentence on the line of a telephone.


def risk_part(runtime: Runtime, connection: Connection, marketplace_id: str, seller: str | None) -> SimpleNamespace:
    """The part of a seller; None is a seller whom the listing does not name."""
    seller_risk = risk_of(runtime, connection, marketplace_id, seller)
    percentile = seller_risk.risk.percentile if seller_risk.risk else None
    standing, *counts = map(in_english, seller_risk.reasons)
    return SimpleNamespace(
        as_of=seller_risk.ranking.as_of if seller_risk.ranking else None,
        bar=charts.percentile_bar(percentile, _WIDTH) if percentile is not None else None,
        standing=standing,
        counts=tuple(counts),
    )


MOST_SHOWN: Final = 6


@dataclass(frozen=True, slots=True)
class LinksCard:
    """The card; it is hidden without known `contacts`."""

    contacts: int
    paths: tuple[SimpleNamespace, ...]
    notes: tuple[str, ...]


def links_card(links: Links | None, marketplace_id: str) -> LinksCard:
    """The card of a seller's links: those with confirmed counterfeits first, then the nearest."""
    if links is None or not links.contacts:
        return LinksCard(0, (), ())
    ordered = sorted(links.sellers, key=lambda link: not link.counterfeit)
    shown = ordered[:MOST_SHOWN]
    return LinksCard(
        links.contacts,
        tuple(_path_in_words(link, marketplace_id) for link in shown),
        tuple(_link_notes(links, len(shown))),
    )


def _path_in_words(link: LinkedSeller, marketplace_id: str) -> SimpleNamespace:
    first, *others = link.path
    parts = [f"Same {KIND_WORDS[first.kind]} as seller {first.seller}"]
    parts += [f"which shares {_with_article(step.kind)} with seller {step.seller}" for step in others]
    return SimpleNamespace(
        sentence=text_view.show(", ".join(parts)),
        address=seller_address(marketplace_id, link.path[-1].seller),
        counterfeit=link.counterfeit,
        genuine=link.genuine,
    )


def _with_article(kind: ContactKind) -> str:
    return f"{'an' if KIND_WORDS[kind][0] in 'ae' else 'a'} {KIND_WORDS[kind]}"


def _link_notes(links: Links, shown: int) -> list[str]:
    notes = []
    if not links.sellers:
        notes.append(
            f"No other seller was known to share any of this seller's {words.many(links.contacts, 'contact')}."
        )
    if len(links.sellers) > shown:
        notes.append(f"{words.many(len(links.sellers) - shown, 'more linked seller')} not shown.")
    if links.more:
        notes.append(f"More sellers are linked. Only the nearest {DEFAULT_LINKS.most_linked} were traced.")
    if links.common:
        verb = "is" if links.common == 1 else "are"
        notes.append(
            f"{words.many(links.common, 'contact')} {verb} shared by more than "
            f"{DEFAULT_LINKS.most_sellers_of_a_contact} sellers (as with a forwarding service) and links no sellers."
        )
    return notes
