import math

import pytest

from features.compute import FEATURES, NAMES
from features.references import PriceReference, PriceTable, Rates, References
from tests.fixtures.facts import A_HISTORY, REFERENCES, a_listing, facts_of, some_facts, value, words

HALF = math.log(0.5)


RATIOS = [
    ("price_to_brand_category", "250.00", HALF, "half of 500"),
    ("price_to_brand_category", "500.00", 0.0, "the median"),
    ("price_to_category", "400.00", -HALF, "twice 200"),
    ("price_spread_brand_category", "250.00", HALF / (0.2 * 1.4826), "in robust standard deviations"),
    ("price_reference_offers", "250.00", math.log(21), "twenty listings"),
    ("price_log", "250.00", math.log(250), "in the base currency"),
]


@pytest.mark.parametrize(("name", "price", "expected", "_why"), RATIOS)
def test_a_price_against_comparable_listings_is(name: str, price: str, expected: float, _why: str) -> None:
    assert value(name, some_facts(price=price)) == pytest.approx(expected, abs=1e-12)


def test_prices_in_two_currencies_compare_by_their_rate() -> None:
    facts = some_facts(price="250.00", currency="USD")
    assert value("price_to_brand_category", facts) == pytest.approx(math.log(0.5 * 0.92), abs=1e-12)


def test_a_shelf_price_does_not_make_a_rounding_look_like_an_outlier() -> None:
    table = PriceTable({("brn_aurelle", "bags"): PriceReference(math.log(500), 0.0, 20)})
    facts = facts_of(a_listing(price="495.00"), references=References(REFERENCES.rates, REFERENCES.brands, table))
    assert value("price_spread_brand_category", facts) == pytest.approx(math.log(0.99) / 0.05, abs=1e-12)


def test_a_price_of_zero_is_not_compared() -> None:
    assert math.isnan(value("price_to_brand_category", some_facts(price="0")))


def test_the_smallest_unit_of_the_weakest_currency_lies_within_the_range() -> None:
    references = References(Rates("EUR", {"XTS": 1e-8}), REFERENCES.brands, PriceTable())
    found = value("price_log", facts_of(a_listing(price="0.01", currency="XTS"), references=references))
    assert FEATURES[NAMES.index("price_log")].low < found < -20


DISCOUNTS = [
    ("250.00", "1000.00", 0.75, "three quarters off"),
    ("1000.00", "1000.00", 0.0, "nothing off"),
    ("1500.00", "1000.00", -0.5, "dearer than it claims to have been"),
    ("9000.00", "1000.00", -1.0, "no lower than minus one"),
]


@pytest.mark.parametrize(("price", "claimed", "expected", "_why"), DISCOUNTS)
def test_the_claimed_discount_is(price: str, claimed: str, expected: float, _why: str) -> None:
    assert value("price_claimed_discount", some_facts(price=price, list_price=claimed)) == expected


@pytest.mark.parametrize("claimed", [None, "0.00"])
def test_without_a_claimed_price_there_is_no_discount(claimed: str | None) -> None:
    assert math.isnan(value("price_claimed_discount", some_facts(list_price=claimed)))


PLACEHOLDERS = [
    ("1.00", 1, "one"),
    ("0.00", 1, "nothing"),
    ("9999.00", 1, "four equal digits"),
    ("999.00", 0, "three equal digits are a shelf price"),
    ("123.00", 1, "counting up"),
    ("3456.00", 1, "counting up from three"),
    ("12.00", 0, "two digits count up by chance"),
    ("489.00", 0, "a price"),
]


@pytest.mark.parametrize(("price", "expected", "_why"), PLACEHOLDERS)
def test_a_price_is_a_placeholder(price: str, expected: float, _why: str) -> None:
    assert value("price_is_placeholder", some_facts(price=price)) == expected


STATEMENT = [
    (
        "price_to_brand_category",
        "110.00",
        "The price is 78% below the median of 20 listings of this brand and category.",
    ),
    ("price_to_brand_category", "505.00", "The price is at the median of 20 listings of this brand and category."),
    (
        "price_to_brand_category",
        "750.00",
        "The price is 50% above the median of 20 listings of this brand and category.",
    ),
    ("price_to_category", "900.00", "The price is 4.5 times the median of 100 listings in this category."),
    ("price_log", "1890.00", "The price is 1,890 EUR."),
    ("price_reference_offers", "1.00", "20 listings of this brand and category are known."),
    ("price_is_placeholder", "9999.00", "The price 9,999 EUR looks like a placeholder."),
    ("price_is_placeholder", "19.90", "The price 19.90 EUR is not a placeholder."),
    (
        "price_spread_brand_category",
        "250.00",
        "The price is 50% below the median of 20 listings of this brand and category.",
    ),
]


@pytest.mark.parametrize(("name", "price", "sentence"), STATEMENT)
def test_a_price_signal_reads(name: str, price: str, sentence: str) -> None:
    assert words(name, some_facts(price=price)) == sentence


def test_a_discount_reads() -> None:
    facts = some_facts(price="250.00", list_price="1000.00")
    assert words("price_claimed_discount", facts) == "The listing claims 75% off 1,000 EUR."


CHANGES = [
    ("300.00", "The price fell by 50% since the previous version."),
    ("900.00", "The price rose by 50% since the previous version."),
]


@pytest.mark.parametrize(("price", "sentence"), CHANGES)
def test_a_change_of_price_reads(price: str, sentence: str) -> None:
    assert words("price_change", some_facts(price=price, history=A_HISTORY)) == sentence
