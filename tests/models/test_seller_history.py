from datetime import timedelta

import pytest

from features.peer_listings import MOST_LISTINGS
from models.seller_history import Event, Put, SellerHistory
from tests.fixtures.clocks import NOW

LONG_AGO = NOW - timedelta(days=1_000)


def put(listing_id: str, days: float, log_price: float = 4.0) -> Put:
    """A version that came so many days ago, of a listing first seen then."""
    at = NOW - timedelta(days=days)
    return Put(listing_id, at, at, log_price, (5_000, "EUR"), "brn_aurelle", "bags", protected=True)


def event(days: float, *, known: float | None = None, amount: int | None = 1_000, currency: str = "EUR") -> Event:
    """Something that happened so many days ago and was known then or later."""
    known_at = NOW - timedelta(days=days if known is None else known)
    return Event(NOW - timedelta(days=days), known_at, amount, currency)


LISTINGS = [
    ([put("a", 1), put("b", 2)], 2, "two"),
    ([put("b", 2), put("a", 1), put("a", 0.5)], 2, "two versions of one are one listing"),
    ([put("a", 0)], 0, "what came at the moment itself was not known before"),
    ([put("a", -1)], 0, "what came later"),
    ([put("a", 180)], 1, "half a year ago"),
    ([put("a", 180.01)], 0, "longer ago"),
    ([put("me", 3)], 0, "the listing itself is no other listing"),
]


@pytest.mark.parametrize(("put_up", "listings", "_why"), LISTINGS)
def test_other_listings_are_those_known_before_the_moment(put_up: list[Put], listings: int, _why: str) -> None:
    assert len(SellerHistory(put_up=sorted(put_up, key=lambda one: one.known_at)).offers(NOW, "me")) == listings


def test_a_listing_counts_as_it_stood_last_before_the_moment() -> None:
    past = SellerHistory(put_up=[put("a", 9, 4.0), put("a", 5, 3.0), put("a", -1, 2.0)])
    assert [listing.log_price for listing in past.offers(NOW, None)] == [3.0]


def test_of_very_many_listings_the_latest_count() -> None:
    found = SellerHistory(put_up=[put(f"l-{i}", 100 - i / 10) for i in range(MOST_LISTINGS + 7)]).offers(NOW, None)
    assert len(found) == MOST_LISTINGS
    assert max(listing.age for listing in found) == timedelta(days=100 - 0.7)


WINDOWS = [
    ([event(3)], (1, 1, 1), "three days ago"),
    ([event(7), event(30), event(90)], (1, 2, 3), "a window holds its first moment"),
    ([event(0, known=1)], (1, 1, 1), "at the moment, announced before"),
    ([event(3, known=0)], (0, 0, 0), "known only at the moment"),
    ([event(3, known=-1)], (0, 0, 0), "known only later"),
    ([event(-1, known=2)], (0, 0, 0), "a day ahead of our clock"),
]


@pytest.mark.parametrize(("events", "sales", "_why"), WINDOWS)
def test_windows_count_what_was_known_before_the_moment(
    events: list[Event], sales: tuple[int, int, int], _why: str
) -> None:
    past = SellerHistory(events={"sale": sorted(events, key=lambda one: one.occurred_at)})
    assert past.event_counts(NOW, LONG_AGO, "EUR").sales == sales


def test_a_window_that_begins_before_the_marketplace_vouched_is_unknown() -> None:
    counts = SellerHistory(events={"sale": [event(3)]}).event_counts(NOW, NOW - timedelta(days=30), "EUR")
    assert (counts.sales, counts.returns) == ((1, 1, None), (0, 0, None))


TURNOVERS = [
    ([event(40), event(3)], "EUR", (10, 10, 20), "two sales of ten"),
    ([], "EUR", (0, 0, 0), "no sale is a turnover of nothing"),
    ([event(40, currency="USD"), event(3)], "EUR", (10, 10, None), "a sale in another currency"),
    ([event(40), event(3)], "USD", (None, None, None), "the listing is in another currency"),
    ([event(3, amount=None)], "EUR", (0, 0, 0), "a sale without an amount counts nothing"),
    ([event(3)], None, (None, None, None), "the listing has no currency"),
    ([event(3)], "JPY", (None, None, None), "of no decimal places"),
]


@pytest.mark.parametrize(("sales", "currency", "expected", "_why"), TURNOVERS)
def test_turnover_is_in_the_currency_of_the_listing(
    sales: list[Event], currency: str | None, expected: tuple[float | None, ...], _why: str
) -> None:
    assert SellerHistory(events={"sale": sales}).event_counts(NOW, LONG_AGO, currency).turnover == expected


KNOWN = [
    (None, None, "never seen"),
    (5.0, 5.0, "five days ago"),
    (0.0, None, "seen first with this very listing"),
    (-1.0, None, "seen first later"),
]


@pytest.mark.parametrize(("days", "expected", "_why"), KNOWN)
def test_a_seller_has_been_known_for(days: float | None, expected: float | None, _why: str) -> None:
    past = SellerHistory(first_known_at=None if days is None else NOW - timedelta(days=days))
    assert past.known_days(NOW) == expected
