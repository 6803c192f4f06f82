import json
import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from features.common_prices import FEWEST, MOST, NOTHING_COMMON, CommonPrices
from features.compute import FEATURES, NAMES
from features.facts import Facts
from features.history import History, OwnPrices
from features.price_lists import ListedBy, ListPrice, PriceLists, list_key
from features.priors import Prior, Priors
from features.references import PriceReference, PriceTable, Rates, References
from tests.fixtures.facts import (
    A_HISTORY,
    LISTS,
    REFERENCES,
    a_full_listing,
    a_listing,
    facts_of,
    feature_words,
    full_facts,
    some_facts,
    some_listings,
    value_of,
)

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
    assert value_of(name, some_facts(price=price)) == pytest.approx(expected, abs=1e-12)


def test_prices_in_two_currencies_compare_by_their_rate() -> None:
    facts = some_facts(price="250.00", currency="USD")
    assert value_of("price_to_brand_category", facts) == pytest.approx(math.log(0.5 * 0.92), abs=1e-12)


def test_a_shelf_price_does_not_make_a_rounding_look_like_an_outlier() -> None:
    table = PriceTable({("brn_aurelle", "bags"): PriceReference(math.log(500), 0.0, 20)})
    facts = facts_of(a_listing(price="495.00"), references=References(REFERENCES.rates, REFERENCES.brands, table))
    assert value_of("price_spread_brand_category", facts) == pytest.approx(math.log(0.99) / 0.05, abs=1e-12)


def test_a_price_of_zero_is_not_compared() -> None:
    assert math.isnan(value_of("price_to_brand_category", some_facts(price="0")))


def test_the_smallest_unit_of_the_weakest_currency_lies_within_the_range() -> None:
    references = References(Rates("EUR", {"XTS": 1e-8}), REFERENCES.brands, PriceTable())
    log_price = value_of("price_log", facts_of(a_listing(price="0.01", currency="XTS"), references=references))
    assert FEATURES[NAMES.index("price_log")].low < log_price < -20


DISCOUNTS = [
    ("250.00", "1000.00", 0.75, "three quarters off"),
    ("1000.00", "1000.00", 0.0, "nothing off"),
    ("1500.00", "1000.00", -0.5, "dearer than it claims to have been"),
    ("9000.00", "1000.00", -1.0, "no lower than minus one"),
]


@pytest.mark.parametrize(("price", "claimed", "expected", "_why"), DISCOUNTS)
def test_the_claimed_discount_is(price: str, claimed: str, expected: float, _why: str) -> None:
    assert value_of("price_claimed_discount", some_facts(price=price, list_price=claimed)) == expected


@pytest.mark.parametrize("claimed", [None, "0.00"])
def test_without_a_claimed_price_there_is_no_discount(claimed: str | None) -> None:
    assert math.isnan(value_of("price_claimed_discount", some_facts(list_price=claimed)))


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
    assert value_of("price_is_placeholder", some_facts(price=price)) == expected


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
    assert feature_words(name, some_facts(price=price)) == sentence


def test_a_discount_reads() -> None:
    facts = some_facts(price="250.00", list_price="1000.00")
    assert feature_words("price_claimed_discount", facts) == "The listing claims 75% off 1,000 EUR."


CHANGES = [
    ("300.00", "The price fell by 50% since the previous version."),
    ("900.00", "The price rose by 50% since the previous version."),
]


@pytest.mark.parametrize(("price", "sentence"), CHANGES)
def test_a_change_of_price_reads(price: str, sentence: str) -> None:
    assert feature_words("price_change", some_facts(price=price, history=A_HISTORY)) == sentence


def facts_after_prices(*amounts: float | None) -> Facts:
    prices = OwnPrices()
    for amount in amounts:
        prices = prices.then(None if amount is None else math.log(amount))
    return some_facts(price="100.00", list_price="200.00", history=History(earlier_prices=prices))


PRICE_HISTORY_CHANGES = [
    ((), 0, "the first version"),
    ((100.0,), 0, "the same price again"),
    ((100.3,), 0, "an exchange rate moved"),
    ((50.0,), 1, "a rise is a change too"),
    ((50.0, None, 50.0), 1, "a version without a price is passed over"),
    ((100.0, 50.0, 100.0, 50.0), 4, "up and down"),
]


@pytest.mark.parametrize(("before", "changes", "_why"), PRICE_HISTORY_CHANGES)
def test_changes_of_the_price_are_counted(before: tuple[float | None, ...], changes: int, _why: str) -> None:
    assert value_of("price_changes", facts_after_prices(*before)) == math.log1p(changes)


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
    assert value_of("price_largest_fall", facts_after_prices(*before)) == pytest.approx(fall, abs=1e-12, nan_ok=True)


CLAIMS = [
    ((), math.nan, "a first version cannot prove what it cost before"),
    ((200.0,), 0.0, "it was really asked"),
    ((125.0,), math.log(200 / 125), "it was never asked"),
]


@pytest.mark.parametrize(("before", "expected", "_why"), CLAIMS)
def test_a_claimed_price_is_compared_with_the_highest_seen(
    before: tuple[float, ...], expected: float, _why: str
) -> None:
    assert value_of("price_claim_to_highest", facts_after_prices(*before)) == pytest.approx(
        expected, abs=1e-12, nan_ok=True
    )


def test_a_claim_that_was_once_true_is_told_so() -> None:
    assert feature_words("price_claim_to_highest", facts_after_prices(200.0)).endswith(
        "is the highest price recorded for this listing."
    )


def test_the_same_price_at_the_same_seller_is_counted_to_the_cent_and_the_currency() -> None:
    listing = some_listings()[0]
    listings = tuple(
        replace(listing, price=price) for price in ((48_900, "EUR"), (48_901, "EUR"), (48_900, "USD"), None)
    )
    assert value_of("price_same_at_seller", some_facts(history=History(listings=listings))) == math.log(2)


def test_four_other_prices_are_no_level() -> None:
    assert math.isnan(value_of("price_to_seller_offers", some_facts(history=History(listings=some_listings()[:4]))))


def test_a_price_without_a_rate_is_compared_with_nothing() -> None:
    unrated = some_facts(currency="XTS", list_price="980.00", history=History(listings=some_listings()))
    for name in ("price_to_seller_offers", "price_claim_to_highest", "price_changes"):
        assert math.isnan(value_of(name, unrated)), name


PRICE_LISTED_RATIOS = [
    ({"price": "108.00"}, math.log(0.2), "a fifth of the 540 of a Colline"),
    ({"price": "540.00"}, 0.0, "what the brand asks"),
    ({"price": "540.00", "currency": "USD"}, math.log(540 / 650), "650 in the listing's currency"),
    ({"price": "100.00", "title": "Aurelle tote"}, math.log(1 / 3), "the cheapest bag"),
    ({"title": "Aurelle belt", "product_type": "Belts"}, math.nan, "nothing is asked for belts"),
    ({"title": "Grey Colline tote", "brand": None}, math.nan, "a name alone is of no brand"),
    ({"price": None, "currency": None}, math.nan, "no price"),
    ({"price": "100.00", "currency": "XTS"}, math.nan, "no rate"),
]


@pytest.mark.parametrize(("row", "expected", "_why"), PRICE_LISTED_RATIOS)
def test_a_price_against_the_brands_own_is(row: dict[str, Any], expected: float, _why: str) -> None:
    assert value_of("price_to_list", some_facts(**row)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


PRICE_LISTED_STATEMENT = [
    ({"price": "108.00"}, "The price is 80% below the brand's list price for Colline (540 EUR)."),
    ({"price": "540.00"}, "The price is at the brand's list price for Colline (540 EUR)."),
    ({"price": "700.00"}, "The price is 30% above the brand's list price for Colline (540 EUR)."),
    ({"price": "5400.00"}, "The price is 10.0 times the brand's list price for Colline (540 EUR)."),
    (
        {"gtin": "3760121234561", "price": "450.00"},
        "The price is 50% below the brand's list price for GTIN 3760121234561 (900 EUR).",
    ),
    (
        {"title": "Aurelle tote", "price": "150.00"},
        "The price is 50% below the brand's list price for its cheapest goods in Bags (300 EUR).",
    ),
]


@pytest.mark.parametrize(("row", "sentence"), PRICE_LISTED_STATEMENT)
def test_a_price_against_the_brands_own_reads(row: dict[str, Any], sentence: str) -> None:
    assert feature_words("price_to_list", some_facts(**row)) == sentence


def test_a_claimed_price_is_compared_with_the_brands_own() -> None:
    facts = some_facts(price="100.00", list_price="1080.00")
    assert value_of("price_claim_to_list", facts) == pytest.approx(math.log(2), abs=1e-12)
    sentence = "The claimed earlier price is 2.0 times the brand's list price for Colline (540 EUR)."
    assert feature_words("price_claim_to_list", some_facts(price="100.00", list_price="1090.00")) == sentence
    assert math.isnan(value_of("price_claim_to_list", some_facts()))


COMMON = [
    ({"price": "9999.00"}, math.log(301), "three hundred others ask 9,999"),
    ({"price": "9999.00", "currency": "USD"}, 0.0, "of another currency"),
    ({"price": "489.00"}, 0.0, "nobody else in particular"),
    ({"price": None, "currency": None}, math.nan, "no price"),
]


@pytest.mark.parametrize(("row", "expected", "_why"), COMMON)
def test_a_price_that_many_have_is_counted(row: dict[str, Any], expected: float, _why: str) -> None:
    assert value_of("price_same_on_marketplace", some_facts(**row)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_price_that_many_have_is_told() -> None:
    sentence = "300 listings on the marketplace have exactly this price."
    assert feature_words("price_same_on_marketplace", some_facts(price="9999.00")) == sentence


def test_a_share_of_few_cases_is_pulled_towards_what_is_usual_on_the_marketplace() -> None:
    """A fashion marketplace, where a third comes back: 2 of 9 is little there and much elsewhere."""
    fashion = replace(REFERENCES, priors=Priors(item_returns=Prior(0.33, 10.0, 800)))
    assert value_of("item_return_share", facts_of(a_full_listing(), references=fashion)) == pytest.approx(5.3 / 19)
    assert value_of("item_return_share", full_facts()) == (2 + 0.08 * 20) / (9 + 20)


def test_facts_of_the_first_schema_are_read_with_the_stated_constants() -> None:
    assert value_of("item_return_share", replace(facts_of(a_full_listing()), priors=None)) == (2 + 0.08 * 20) / (9 + 20)


def test_what_the_brand_asks_is_part_of_the_facts() -> None:
    listed = facts_of(a_listing(title="Aurelle Colline Mini")).price.listed
    assert listed is not None
    assert (listed.name, listed.currency, listed.log_price) == ("Colline Mini", "EUR", math.log(420))


KEYS = [
    (ListedBy.GTIN, "3760121234561", "03760121234561", "a leading zero makes 14 digits of 13"),
    (ListedBy.GTIN, "3760121234561", "376-0121-234561", "grouped"),
    (ListedBy.MPN, "AU-PER-1", "au per/1", "signs and case"),
    (ListedBy.MODEL, "Lisière", "LISIERE", "accents and case"),
    (ListedBy.MODEL, "Colline  Mini", "Colline-Mini", "what stands between the words"),
    (ListedBy.CATEGORY, "Bags > Totes", "bags > totes", "case"),
]


@pytest.mark.parametrize(("by", "form", "other", "_why"), KEYS)
def test_the_same_goods_are_the_same_however_they_are_written(by: ListedBy, form: str, other: str, _why: str) -> None:
    assert list_key(by, form) == list_key(by, other) != ""


FOUND: list[tuple[dict[str, Any], str | None, str]] = [
    ({"title": "Aurelle Colline tote"}, "540", "the model in the title"),
    ({"title": "Aurelle Colline Mini"}, "420", "the longer name, which holds the shorter"),
    ({"title": "AURELLE colline-mini!"}, "420", "whatever stands between"),
    ({"title": "奥蕾尔Colline托特包"}, "540", "Latin letters inside Chinese"),
    ({"title": "Aurelle Collines"}, "300", "part of a word is no model; the category is left"),
    ({"title": "Aurelle tote"}, "300", "no model: the cheapest of the category"),
    ({"title": "Aurelle tote", "product_type": "Belts"}, None, "no model, no such category"),
    ({"title": "Aurelle tote", "product_type": None}, None, "nothing"),
    ({"title": None, "description": "Colline", "product_type": None}, None, "descriptions name other models too"),
    ({"title": "Aurelle Colline", "gtin": "03760121234561"}, "900.00", "the number wins"),
    ({"title": "Aurelle Colline", "gtin": "12345678"}, "540", "an unknown number does not hide the model"),
    ({"title": "Aurelle Colline", "mpn": "au per 1"}, "210", "the brand's own number too"),
    ({"title": "Aurelle Colline", "currency": "USD"}, "650", "the price of the listing's market"),
    ({"title": "Aurelle Colline", "currency": "JPY"}, "540", "else that in the base currency"),
]


@pytest.mark.parametrize(("row", "amount", "_why"), FOUND)
def test_a_listing_is_about(row: dict[str, Any], amount: str | None, _why: str) -> None:
    list_price = LISTS.find(a_listing(**row), "brn_aurelle", base_currency="EUR")
    assert (None if list_price is None else list_price.amount) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("brand_id", [None, "brn_solenne"])
def test_a_brand_that_is_not_known_or_has_no_list_asks_nothing(brand_id: str | None) -> None:
    assert LISTS.find(a_listing(title="Aurelle Colline"), brand_id, base_currency="EUR") is None


def a_list_price(name: str, amount: str, currency: str = "EUR") -> ListPrice:
    return ListPrice(brand_id="b", by=ListedBy.MODEL, name=name, amount=Decimal(amount), currency=currency)


def test_of_two_models_in_one_title_the_cheaper_counts() -> None:
    lists = PriceLists([a_list_price("Marlow", "1250"), a_list_price("Calder", "780")])
    list_price = lists.find(a_listing(title="Strap for Marlow and Calder"), "b", base_currency="EUR")
    assert list_price is not None
    assert list_price.name == "Calder"


def test_of_many_currencies_none_of_which_is_asked_for_the_choice_is_fixed() -> None:
    lists = PriceLists(
        [a_list_price("Marlow", "9", "USD"), a_list_price("Marlow", "8", "CHF"), a_list_price("Marlow", "1", "JPY")]
    )
    list_price = lists.find(a_listing(title="Marlow"), "b", base_currency="EUR")
    assert list_price is not None
    assert list_price.currency == "CHF"


def test_lists_come_back_from_plain_rows() -> None:
    again = PriceLists.from_rows(json.loads(json.dumps(LISTS.to_rows())))
    assert sorted(map(repr, again.entries)) == sorted(map(repr, LISTS.entries))


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e9", "", "x", "٣"])
def test_a_damaged_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        PriceLists.from_rows([["b", "model", "Marlow", amount, "EUR"]])


SHELF, RARE = (1_999, "EUR"), (1_234, "EUR")
COMMON_PRICES_COMMON = CommonPrices.among([SHELF] * 30 + [RARE] * (FEWEST - 1))


def test_a_price_of_twenty_listings_is_common_and_one_of_nineteen_is_not() -> None:
    assert (COMMON_PRICES_COMMON.listings(SHELF), COMMON_PRICES_COMMON.listings(RARE)) == (30, 0)


def test_the_same_number_in_another_currency_is_another_price() -> None:
    assert COMMON_PRICES_COMMON.listings((1_999, "USD")) == 0


def test_a_listing_without_a_price_has_none_in_common() -> None:
    assert COMMON_PRICES_COMMON.listings(None) is None


def test_only_the_commonest_are_kept() -> None:
    prices = [(minor, "EUR") for minor in range(MOST + 10) for _ in range(FEWEST + (minor < 3))]
    common_prices = CommonPrices.among(prices)
    assert len(common_prices.rows) == MOST
    assert list(common_prices.rows)[:3] == [(0, "EUR"), (1, "EUR"), (2, "EUR")]


def test_a_listing_does_not_count_itself() -> None:
    assert COMMON_PRICES_COMMON.around(SHELF).listings(SHELF) == 29
    assert COMMON_PRICES_COMMON.around(RARE).listings(RARE) == 0
    assert CommonPrices({SHELF: FEWEST}).around(SHELF) == NOTHING_COMMON
    assert COMMON_PRICES_COMMON.around(None) == NOTHING_COMMON
