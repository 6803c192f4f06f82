"""Seller events: a second source of history, used where the marketplace vouches that it is complete.

Point-in-time seller histories of one request, each at the moment of its row, from one common read.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from sqlalchemy import Connection

from features import fields, money
from features.facts import Facts, reference_keys
from features.fields import FieldError
from features.history import NO_PRICES, NOTHING_RECORDED, History, OwnPrices
from features.links import Links
from features.listing import CLOCK_TOLERANCE, Listing
from features.near_duplicates import NearDuplicates, Period
from models.errors import Invalid
from models.seller_history import PublishedVersion, SellerHistory
from serving.brands.store import authorised_sellers
from serving.brands.store.authorised_sellers import Authorisation
from serving.listings.service.intake_steps import Step
from serving.listings.service.refused_rows import refused_row_columns
from serving.listings.store import listings
from serving.marketplaces.store import marketplaces
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.scoring.store import histories, seller_events
from serving.sellers.service.sanction_steps import Moment, links_at

_MOST: Final = 1_000
REQUIRED: Final = ("event_id", "seller", "kind", "occurred_at")
FIELDS: Final = {
    field.name: field
    for field in (
        fields.text("event_id", 200, "The source's own id of the event; a repeat is the same event."),
        fields.text("seller", 200, "The marketplace's id of the seller."),
        fields.choice("kind", ("sale", "return", "fake_return", "rating"), "What happened."),
        fields.instant("occurred_at", "When it happened."),
        fields.text("listing", 200, "The listing concerned, if any."),
        fields.amount("amount", "Its value."),
        fields.currency("currency", "ISO 4217 code of the amount."),
    )
}


def receive_events(
    runtime: Runtime, marketplace: Marketplace, body: Mapping[str, Any], *, backfill: bool
) -> dict[str, int]:
    """Store events; returns how many were new, known and quarantined.

    Raises Invalid (the body is not an object with at most a thousand events, or `complete_since` is no time).
    """
    now = runtime.clock.now()
    events, since = _parse_body(body)
    rows: list[dict[str, Any]] = []
    refused: list[dict[str, Any]] = []
    for number, event in enumerate(events, 1):
        try:
            rows.append(_row(runtime, marketplace, event, now, backfill=backfill))
        except FieldError as problem:
            marketplace_id = marketplace.marketplace_id
            refused.append(
                refused_row_columns(
                    runtime, marketplace_id, event, problem, source="seller-events", number=number, at=now
                )
            )
    with runtime.store.write() as connection:
        if backfill:
            _postpone_late_events(connection, marketplace.marketplace_id, rows, now)
        fresh = seller_events.add_events(connection, rows)
        listings.add_quarantine(connection, refused)
        if since is not None:
            marketplaces.record_events_complete(connection, marketplace.marketplace_id, since)
    return {"new": fresh, "known": len(rows) - fresh, "quarantined": len(refused)}


def _parse_body(body: Mapping[str, Any]) -> tuple[list[Any], datetime | None]:
    events = body.get("events")
    if not isinstance(events, list) or len(events) > _MOST or set(body) - {"events", "complete_since"}:
        raise Invalid("Send an object with at most {most:,} events and, if you like, complete_since.", most=_MOST)
    if body.get("complete_since") is None:
        return events, None
    try:
        since = FIELDS["occurred_at"].read("complete_since", body["complete_since"])
    except FieldError as problem:
        raise Invalid(problem.phrase) from None
    return events, since if isinstance(since, datetime) else None


def _row(runtime: Runtime, marketplace: Marketplace, event: Any, now: datetime, *, backfill: bool) -> dict[str, Any]:
    event_fields = _parse_event(event)
    occurred_at = event_fields["occurred_at"]
    if occurred_at > now + CLOCK_TOLERANCE:
        raise FieldError("future_time", "occurred_at", "occurred_at lies more than a day in the future.")
    amount, currency = event_fields.get("amount"), event_fields.get("currency")
    amount_minor = None
    if amount is not None:
        if currency is None:
            raise FieldError("missing_field", "currency", "An amount needs its currency.")
        amount_minor = money.to_minor(amount, currency)
    return {
        "marketplace_id": marketplace.marketplace_id,
        "event_id": runtime.ids.new("sev"),
        "source_event_id": event_fields["event_id"],
        "seller_external_id": event_fields["seller"],
        "kind": event_fields["kind"],
        "listing_external_id": event_fields.get("listing"),
        "amount_minor": amount_minor,
        "currency": currency,
        "occurred_at": occurred_at,
        "known_at": min(occurred_at, now) if backfill else now,
    }


def _postpone_late_events(
    connection: Connection, marketplace_id: str, rows: list[dict[str, Any]], now: datetime
) -> None:
    """Make a late event known only after the listings of its seller that were scored without it."""
    floors = histories.scored_until(connection, marketplace_id, {row["seller_external_id"] for row in rows})
    for row in rows:
        row["known_at"] = min(max(row["known_at"], floors.of(row["seller_external_id"], None) or row["known_at"]), now)


def _parse_event(event: Any) -> dict[str, Any]:
    if not isinstance(event, Mapping):
        raise FieldError("wrong_type", "", "An event must be an object.")
    event_fields: dict[str, Any] = {}
    for name, field_value in event.items():
        if field_value is None:
            continue
        if name not in FIELDS:
            raise FieldError("unknown_field", str(name)[:60], "An event has a field that is not known.")
        event_fields[name] = FIELDS[name].read(name, field_value)
    for name in REQUIRED:
        if event_fields.get(name) is None:
            raise FieldError("missing_field", name, f"{name} is required.")
    return event_fields


@dataclass(frozen=True, slots=True)
class SellerHistories:
    """The histories of some sellers of a marketplace, with the brands that authorised each and its links."""

    sellers: Mapping[str, SellerHistory]
    authorised: Mapping[str, tuple[Authorisation, ...]]
    links: Mapping[Moment, Links]

    @classmethod
    def read(
        cls,
        connection: Connection,
        marketplace_id: str,
        rows: Iterable[tuple[Listing, datetime]],
        *,
        with_events: bool = True,
    ) -> Self:
        """The histories of the sellers of these listings, each at its moment; perhaps without counts of events."""
        moments = {(seller, as_of) for listing, as_of in rows if (seller := listing.seller.external_id) is not None}
        if not moments:
            return cls({}, {}, {})
        sellers, times = {seller for seller, _ in moments}, [as_of for _, as_of in moments]
        return cls(
            histories.load_histories(
                connection, marketplace_id, sellers, since=min(times), until=max(times), with_events=with_events
            ),
            authorised_sellers.authorisations(connection, marketplace_id, sellers),
            links_at(connection, marketplace_id, moments),
        )

    def of(
        self,
        listing: Listing,
        *,
        listing_id: str | None,
        as_of: datetime,
        complete_since: datetime | None,
        version: int = 1,
        previous_log_price: float | None = None,
        earlier_prices: OwnPrices = NO_PRICES,
        near_duplicates: NearDuplicates | None = None,
    ) -> History:
        """The history of a listing at a moment; without a seller it covers the listing alone.

        `complete_since` is the start of the complete seller events; later arguments describe the listing itself.
        """
        seller, past = listing.seller.external_id, NOTHING_RECORDED
        if seller is not None:
            past = self.sellers[seller].history(
                as_of, listing_id=listing_id, complete_since=complete_since, currency=listing.currency
            )
        return replace(
            past,
            version=version,
            previous_log_price=previous_log_price,
            earlier_prices=earlier_prices,
            links=None if seller is None else self.links[seller, as_of],
            authorised_for=tuple(
                dict.fromkeys(
                    authorisation.brand_id
                    for authorisation in self.authorised.get(seller or "", ())
                    if authorisation.holds(as_of)
                )
            ),
            near_duplicates=near_duplicates,
        )

    def periods(self, seller: str | None, brand_id: str | None) -> list[Period]:
        authorisations = self.authorised.get(seller or "", ())
        return [
            Period(authorisation.added_at, authorisation.ended_at)
            for authorisation in authorisations
            if authorisation.brand_id == brand_id
        ]

    def take_in(self, step: Step, facts: Facts, taking_part: Collection[str]) -> None:
        """Add a new version of this request, as rows of later moments will read it from the database."""
        listing = step.listing
        seller = listing.seller.external_id
        if seller is None:
            return
        brand_key, category_key = reference_keys(listing, facts.resolved)
        self.sellers[seller].take_in(
            PublishedVersion(
                listing_id=step.listing_id,
                known_at=facts.as_of,
                first_known_at=step.before.first_known_at if step.before else facts.as_of,
                log_price=facts.price.log_price,
                price=listing.price_minor,
                brand_key=brand_key,
                category_key=category_key,
                protected=facts.resolved.brand_id in taking_part,
            )
        )
