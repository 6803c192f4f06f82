import math
from dataclasses import replace

import pytest

from features.facts import Facts
from features.history import History, OwnPrices
from tests.fixtures.facts import some_facts, some_listings, value, words


def priced_before(*amounts: float | None) -> Facts:
    prices = OwnPrices()
    for amount in amounts:
        prices = prices.then(None if amount is None else math.log(amount))
    return some_facts(price="100.00", list_price="200.00", history=History(earlier_prices=prices))


CHANGES = [
    ((), 0, "the first version"),
    ((100.0,), 0, "the same price again"),
    ((100.3,), 0, "an exchange rate moved"),
    ((50.0,), 1, "a rise is a change too"),
    ((50.0, None, 50.0), 1, "a version without a price is passed over"),
    ((100.0, 50.0, 100.0, 50.0), 4, "up and down"),
]


@pytest.mark.parametrize(("before", "changes", "_why"), CHANGES)
def test_changes_of_the_price_are_counted(before: tuple[float | None, ...], changes: int, _why: str) -> None:
    assert value("price_changes", priced_before(*before)) == math.log1p(changes)


FALLS = [
    ((), math.nan, "nothing to fall from"),
    ((None,), math.nan, "an unknown price to fall from"),
    ((50.0,), 0.0, "it rose"),
    ((400.0,), math.log(1 / 4), "it fell just now"),
    ((800.0, 200.0, 300.0), math.log(1 / 4), "it fell further before"),
    ((400.0, None), math.log(1 / 4), "from the last price that was known"),
]


@pytest.mark.parametrize(("before", "fall", "_why"), FALLS)
def test_the_largest_fall_is(before: tuple[float | None, ...], fall: float, _why: str) -> None:
    assert value("price_largest_fall", priced_before(*before)) == pytest.approx(fall, abs=1e-12, nan_ok=True)


CLAIMS = [
    ((), math.nan, "a first version cannot prove what it cost before"),
    ((200.0,), 0.0, "it was really asked"),
    ((125.0,), math.log(200 / 125), "it was never asked"),
]


@pytest.mark.parametrize(("before", "expected", "_why"), CLAIMS)
def test_a_claimed_price_is_compared_with_the_highest_seen(
    before: tuple[float, ...], expected: float, _why: str
) -> None:
    assert value("price_claim_to_highest", priced_before(*before)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_claim_that_was_once_true_is_told_so() -> None:
    assert words("price_claim_to_highest", priced_before(200.0)).endswith(
        "is the highest price recorded for this listing."
    )


def test_the_same_price_at_the_same_seller_is_counted_to_the_cent_and_the_currency() -> None:
    listing = some_listings()[0]
    listings = tuple(
        replace(listing, price=price) for price in ((48_900, "EUR"), (48_901, "EUR"), (48_900, "USD"), None)
    )
    assert value("price_same_at_seller", some_facts(history=History(offers=listings))) == math.log(2)


def test_four_other_prices_are_no_level() -> None:
    assert math.isnan(value("price_to_seller_offers", some_facts(history=History(offers=some_listings()[:4]))))


def test_a_price_without_a_rate_is_compared_with_nothing() -> None:
    unrated = some_facts(currency="XTS", list_price="980.00", history=History(offers=some_listings()))
    for name in ("price_to_seller_offers", "price_claim_to_highest", "price_changes"):
        assert math.isnan(value(name, unrated)), name
