"""Near-duplicates of a listing's text at a moment: their sellers, prices and outcomes.

A copied text alone proves nothing: dealers copy makers, shops copy each other, and counterfeiters copy honest sellers.
The record therefore separates confirmed counterfeits, listings that were found genuine or that authorised sellers
published, and listings of the same seller. It also has the price of the other sellers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np

from features.minhash import BINS, Signature, similarities
from features.references import PriceReference

NEAR: Final = 0.7  # Share of common runs. Shops that describe one product in their own words share less than half.
MOST_COMPARED: Final = 64  # Listings that one listing is compared with, even where thousands use its text.
MOST_SHOWN: Final = 6
FEWEST_PRICED: Final = 3  # A median of fewer is a single seller's price.


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A change of a listing's verdict: True is counterfeit, False is genuine, None is no verdict in force."""

    known_at: datetime
    counterfeit: bool | None


class AskingPrice(NamedTuple):
    """A price from a moment on; None where it cannot be compared."""

    known_at: datetime
    log_price: float | None


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open period; `ends` is None while it has no end."""

    begins: datetime
    ends: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether the period contains a moment."""
        return self.begins <= at and (self.ends is None or at < self.ends)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One text of a listing that may be near. `listing_id` is the marketplace's own id of the listing.

    `text_id` identifies the text; it changes with the words. `prices` are some of the listing's prices from then on.
    `rulings` are those under this text. Both are in time order. `authorised` are the periods in which the seller was on
    the brand's list.
    """

    text_id: str
    listing_id: str
    seller: str | None
    signature: Signature
    known_at: datetime
    prices: tuple[AskingPrice, ...]
    rulings: tuple[Ruling, ...] = ()
    authorised: tuple[Period, ...] = ()

    def log_price(self, as_of: datetime) -> float | None:
        """The log of the asking price at the moment; None where it is unknown."""
        known = [price for price in self.prices if price.known_at <= as_of]
        return known[-1].log_price if known else None

    def ruling_in_force(self, as_of: datetime) -> Ruling | None:
        """The ruling in force at the moment; None where there was none, or the last was withdrawn."""
        known = [ruling for ruling in self.rulings if ruling.known_at <= as_of]
        return known[-1] if known and known[-1].counterfeit is not None else None

    def authorised_by(self, as_of: datetime) -> bool:
        """Whether the seller was on the brand's list at the moment."""
        return any(period.holds(as_of) for period in self.authorised)


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicate:
    """Another listing with nearly the same text. `counterfeit` is None where no verdict stood at the moment."""

    listing_id: str
    similarity: float
    same_seller: bool
    counterfeit: bool | None
    authorised: bool
    log_price: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearDuplicates:
    """The near-duplicates of a listing's text at a moment. Counts are of listings, `own_` counts of the same seller.

    `genuine` were found so by a verdict or an appeal; `authorised` are of sellers on the brand's list. Each
    similarity is that of the nearest listing, None where there is none. `price` is of the other sellers' listings that
    are not confirmed counterfeit, None below three. `first_days` is the age of the oldest of these texts. `more` is set
    where more listings were similar than could be compared, so that counts are lower bounds.
    """

    listings: int = 0
    sellers: int = 0
    counterfeit: int = 0
    genuine: int = 0
    authorised: int = 0
    own_listings: int = 0
    own_counterfeit: int = 0
    own_genuine: int = 0
    nearest: float | None = None
    nearest_counterfeit: float | None = None
    nearest_genuine: float | None = None
    nearest_own_counterfeit: float | None = None
    price: PriceReference | None = None
    first_days: float | None = None
    more: bool = False
    shown: tuple[NearDuplicate, ...] = ()


def near_duplicates(
    signature: Signature,
    *,
    listing_id: str,
    seller: str | None,
    candidates: Sequence[Candidate],
    as_of: datetime,
    more: bool = False,
) -> NearDuplicates:
    """The near-duplicates among candidates that were known at the moment.

    Neither the listing nor its earlier versions count. Of several texts of one listing the nearest counts. The latest
    ruling in force on any near text is the listing's. A listing without a named seller counts as another seller's.
    """
    known = [
        candidate for candidate in candidates if candidate.known_at <= as_of and candidate.listing_id != listing_id
    ]
    near = _near_texts(signature, known)
    duplicates = [_near_duplicate(texts, seller, as_of) for texts in near.values()]
    own = [duplicate for duplicate in duplicates if duplicate.same_seller]
    others = [duplicate for duplicate in duplicates if not duplicate.same_seller]
    other_texts = [near[other.listing_id][0][1] for other in others]
    known_genuine = [
        other for other in others if other.counterfeit is False or (other.authorised and not other.counterfeit)
    ]
    sellers = {text.seller or f"\0{text.listing_id}" for text in other_texts}
    first = min((text.known_at for other in others for _, text in near[other.listing_id]), default=None)
    return NearDuplicates(
        listings=len(others),
        sellers=len(sellers),
        counterfeit=_count_ruled(others, counterfeit=True),
        genuine=_count_ruled(others, counterfeit=False),
        authorised=sum(other.authorised for other in others),
        own_listings=len(own),
        own_counterfeit=_count_ruled(own, counterfeit=True),
        own_genuine=_count_ruled(own, counterfeit=False),
        nearest=_highest_similarity(others),
        nearest_counterfeit=_highest_similarity(other for other in others if other.counterfeit),
        nearest_genuine=_highest_similarity(known_genuine),
        nearest_own_counterfeit=_highest_similarity(duplicate for duplicate in own if duplicate.counterfeit),
        price=_price_reference(
            other.log_price for other in others if other.log_price is not None and not other.counterfeit
        ),
        first_days=None if first is None else (as_of - first) / timedelta(days=1),
        more=more,
        shown=_select_for_display(duplicates),
    )


_Texts = list[tuple[float, Candidate]]


def _near_texts(signature: Signature, known: Sequence[Candidate]) -> dict[str, _Texts]:
    """Near texts by listing, the nearest first; among equally near texts the latest first."""
    if not known:
        return {}
    table = np.stack([candidate.signature for candidate in known]).reshape(-1, BINS)
    pairs = [(float(s), text) for s, text in zip(similarities(signature, table), known, strict=True) if s >= NEAR]
    pairs.sort(key=lambda pair: (-pair[0], -pair[1].known_at.timestamp(), pair[1].listing_id))
    texts_by_listing: dict[str, _Texts] = {}
    for similarity, text in pairs:
        texts_by_listing.setdefault(text.listing_id, []).append((similarity, text))
    return texts_by_listing


def _near_duplicate(texts: _Texts, seller: str | None, as_of: datetime) -> NearDuplicate:
    similarity, nearest = texts[0]
    standing = [ruling for _, text in texts if (ruling := text.ruling_in_force(as_of)) is not None]
    last = max(standing, key=lambda ruling: ruling.known_at, default=None)
    return NearDuplicate(
        listing_id=nearest.listing_id,
        similarity=similarity,
        same_seller=seller is not None and nearest.seller == seller,
        counterfeit=last.counterfeit if last else None,
        authorised=any(text.authorised_by(as_of) for _, text in texts),
        log_price=nearest.log_price(as_of),
    )


def _count_ruled(near_duplicates: Sequence[NearDuplicate], *, counterfeit: bool) -> int:
    return sum(duplicate.counterfeit is counterfeit for duplicate in near_duplicates)


def _highest_similarity(near_duplicates: Iterable[NearDuplicate]) -> float | None:
    return max((duplicate.similarity for duplicate in near_duplicates), default=None)


def _price_reference(log_prices: Iterable[float]) -> PriceReference | None:
    prices = np.array(list(log_prices))
    if prices.size < FEWEST_PRICED:
        return None
    middle = float(np.median(prices))
    return PriceReference(middle, float(np.median(np.abs(prices - middle))), int(prices.size))


def _select_for_display(near_duplicates: Sequence[NearDuplicate]) -> tuple[NearDuplicate, ...]:
    """A few near-duplicates to display: at most three found counterfeit, two known to be genuine, then the nearest."""
    ordered = sorted(near_duplicates, key=lambda copy: (-copy.similarity, copy.listing_id))
    fakes = [copy for copy in ordered if copy.counterfeit][:3]
    genuine = [copy for copy in ordered if not copy.counterfeit and (copy.counterfeit is False or copy.authorised)][:2]
    rest = [copy for copy in ordered if copy not in fakes and copy not in genuine]
    return (*fakes, *genuine, *rest[: MOST_SHOWN - len(fakes) - len(genuine)])
