"""Point-in-time seller histories of one request, each at the moment of its row, from one common read."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from sqlalchemy import Connection

from features.facts import Facts, reference_keys
from features.history import NO_PRICES, NOTHING_RECORDED, History, OwnPrices
from features.links import Links
from features.listing import Listing
from features.near_duplicates import NearDuplicates, Period
from models.seller_history import Put, SellerHistory
from serving.brands.store import authorised_sellers
from serving.brands.store.authorised_sellers import Authorisation
from serving.listings.service.intake_steps import Step
from serving.scoring.store import histories
from serving.sellers.service.sanction_steps import Moment, links_at


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
            histories.load(
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
        likeness: NearDuplicates | None = None,
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
                dict.fromkeys(one.brand_id for one in self.authorised.get(seller or "", ()) if one.holds(as_of))
            ),
            likeness=likeness,
        )

    def periods(self, seller: str | None, brand_id: str | None) -> list[Period]:
        found = self.authorised.get(seller or "", ())
        return [Period(one.added_at, one.ended_at) for one in found if one.brand_id == brand_id]

    def take_in(self, step: Step, facts: Facts, taking_part: Collection[str]) -> None:
        """Add a new version of this request, as rows of later moments will read it from the database."""
        listing = step.listing
        seller = listing.seller.external_id
        if seller is None:
            return
        brand_key, category_key = reference_keys(listing, facts.resolved)
        self.sellers[seller].take_in(
            Put(
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
