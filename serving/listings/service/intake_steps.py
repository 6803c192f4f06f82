"""One accepted row of an intake against what is known of its listing."""

import dataclasses
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from features.history import NO_PRICES, OwnPrices
from features.listing import CONTENT_FIELDS, OBSERVED_FIELDS, Listing, SellerBlock
from features.references import References
from serving.listings.store.listings import LatestState
from serving.platform.database.types import CanonicalText


@dataclass(frozen=True, slots=True)
class Step:
    """One accepted row compared with the state before it: a new version, a new observation, or nothing new.

    The ids and the draw are those of the version that the row belongs to, new where the row is a new version.
    `observed` are the row's counters and seller block.
    """

    position: int
    listing: Listing
    as_of: datetime
    before: LatestState | None
    observed: CanonicalText
    content_hash: str
    observed_hash: str
    listing_id: str
    version_id: str
    draw: float
    is_backfill: bool = False

    @property
    def is_late(self) -> bool:
        """Whether a newer row of the listing is known: this one is history."""
        occurred_at = self.listing.occurred_at
        if self.before is None or occurred_at is None or self.is_backfill or self.is_repeat:
            return False
        return occurred_at < self.before.occurred_at

    @property
    def is_version(self) -> bool:
        """Whether the content that a buyer sees has changed."""
        return self.before is None or self.before.content_hash != self.content_hash

    @property
    def is_repeat(self) -> bool:
        """Whether the row repeats the state before it."""
        return not self.is_version and self.before is not None and self.before.observed_hash == self.observed_hash

    @property
    def is_change(self) -> bool:
        """Whether the row is a new version or a new observation, which is scored."""
        return not (self.is_repeat or self.is_late)

    @property
    def version(self) -> int:
        """The number of the row's version."""
        return self.before.version + self.is_version if self.before else 1

    @property
    def occurred_at(self) -> datetime:
        """When the row held; its receipt where the source does not say."""
        return self.listing.occurred_at or self.as_of

    @property
    def latest_occurred_at(self) -> datetime:
        """The moment from which the listing's next row is late.

        A source whose clock is ahead does not make what it sends next look old.
        """
        return min(self.occurred_at, self.as_of)

    @property
    def previous_log_price(self) -> float | None:
        """The price of the version before the row's version."""
        if self.before is None:
            return None
        return self.before.log_price if self.is_version else self.before.previous_log_price

    @property
    def earlier_prices(self) -> OwnPrices:
        """The prices of the listing's versions before this row's version."""
        if self.before is None:
            return NO_PRICES
        if not self.is_version:
            return self.before.earlier_prices
        return self.before.prices or self.before.earlier_prices.then(self.before.log_price)

    def log_price(self, references: References) -> float | None:
        """The row's price, None where it has none in the base currency."""
        price = references.rates.log_price(self.listing.price, self.listing.currency)
        return price if isinstance(price, float) else None

    def after(self, log_price: float | None) -> LatestState:
        """The state of the listing after a change, with the row's price."""
        occurred_at = self.latest_occurred_at
        if self.before is not None and not self.is_version:
            return replace(self.before, observed_hash=self.observed_hash, occurred_at=occurred_at)
        return LatestState(
            listing_id=self.listing_id,
            external_id=self.listing.external_id,
            version_id=self.version_id,
            version=self.version,
            content_hash=self.content_hash,
            observed_hash=self.observed_hash,
            log_price=log_price,
            previous_log_price=self.previous_log_price,
            earlier_prices=self.earlier_prices,
            draw=self.draw,
            first_known_at=self.before.first_known_at if self.before else self.as_of,
            occurred_at=occurred_at,
            has_late=self.before is not None and self.before.has_late,
        )


def content_of(listing: Listing) -> dict[str, Any]:
    """What a buyer sees, without what is missing."""
    return {
        field.name: field_value for field in CONTENT_FIELDS if (field_value := getattr(listing, field.name)) is not None
    }


_COUNTERS: Final = tuple(field.name for field in OBSERVED_FIELDS)
_BLANK: Final = {field.name: getattr(SellerBlock(), field.name) for field in dataclasses.fields(SellerBlock)}


def observed_of(listing: Listing) -> dict[str, Any]:
    """Counters and the seller block, without missing values."""
    block = listing.seller
    counters = {name: field_value for name in _COUNTERS if (field_value := getattr(listing, name)) is not None}
    seller = {name: field_value for name, missing in _BLANK.items() if (field_value := getattr(block, name)) != missing}
    return {**counters, "seller": seller} if seller else counters
