import math
from dataclasses import replace
from typing import Any

import pytest

from features.priors import Prior, Priors
from tests.fixtures.facts import REFERENCES, a_full_listing, a_listing, facts_of, full_facts, some_facts, value, words

RATIOS = [
    ({"price": "108.00"}, math.log(0.2), "a fifth of the 540 of a Colline"),
    ({"price": "540.00"}, 0.0, "what the brand asks"),
    ({"price": "540.00", "currency": "USD"}, math.log(540 / 650), "650 in the listing's currency"),
    ({"price": "100.00", "title": "Aurelle tote"}, math.log(1 / 3), "the cheapest bag"),
    ({"title": "Aurelle belt", "product_type": "Belts"}, math.nan, "nothing is asked for belts"),
    ({"title": "Grey Colline tote", "brand": None}, math.nan, "a name alone is of no brand"),
    ({"price": None, "currency": None}, math.nan, "no price"),
    ({"price": "100.00", "currency": "XTS"}, math.nan, "no rate"),
]


@pytest.mark.parametrize(("row", "expected", "_why"), RATIOS)
def test_a_price_against_the_brands_own_is(row: dict[str, Any], expected: float, _why: str) -> None:
    assert value("price_to_list", some_facts(**row)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


STATEMENT = [
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


@pytest.mark.parametrize(("row", "sentence"), STATEMENT)
def test_a_price_against_the_brands_own_reads(row: dict[str, Any], sentence: str) -> None:
    assert words("price_to_list", some_facts(**row)) == sentence


def test_a_claimed_price_is_compared_with_the_brands_own() -> None:
    facts = some_facts(price="100.00", list_price="1080.00")
    assert value("price_claim_to_list", facts) == pytest.approx(math.log(2), abs=1e-12)
    sentence = "The claimed earlier price is 2.0 times the brand's list price for Colline (540 EUR)."
    assert words("price_claim_to_list", some_facts(price="100.00", list_price="1090.00")) == sentence
    assert math.isnan(value("price_claim_to_list", some_facts()))


COMMON = [
    ({"price": "9999.00"}, math.log(301), "three hundred others ask 9,999"),
    ({"price": "9999.00", "currency": "USD"}, 0.0, "of another currency"),
    ({"price": "489.00"}, 0.0, "nobody else in particular"),
    ({"price": None, "currency": None}, math.nan, "no price"),
]


@pytest.mark.parametrize(("row", "expected", "_why"), COMMON)
def test_a_price_that_many_have_is_counted(row: dict[str, Any], expected: float, _why: str) -> None:
    assert value("price_same_on_marketplace", some_facts(**row)) == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_a_price_that_many_have_is_told() -> None:
    sentence = "300 listings on the marketplace have exactly this price."
    assert words("price_same_on_marketplace", some_facts(price="9999.00")) == sentence


def test_a_share_of_few_cases_is_pulled_towards_what_is_usual_on_the_marketplace() -> None:
    """A fashion marketplace, where a third comes back: 2 of 9 is little there and much elsewhere."""
    fashion = replace(REFERENCES, priors=Priors(item_returns=Prior(0.33, 10.0, 800)))
    assert value("item_return_share", facts_of(a_full_listing(), references=fashion)) == pytest.approx(5.3 / 19)
    assert value("item_return_share", full_facts()) == (2 + 0.08 * 20) / (9 + 20)


def test_facts_of_the_first_schema_are_read_with_the_stated_constants() -> None:
    assert value("item_return_share", replace(facts_of(a_full_listing()), priors=None)) == (2 + 0.08 * 20) / (9 + 20)


def test_what_the_brand_asks_is_part_of_the_facts() -> None:
    listed = facts_of(a_listing(title="Aurelle Colline Mini")).price.listed
    assert listed is not None
    assert (listed.name, listed.currency, listed.log_price) == ("Colline Mini", "EUR", math.log(420))
