import json
from decimal import Decimal
from typing import Any

import pytest

from features.price_lists import ListedBy, ListPrice, PriceLists, list_key
from tests.fixtures.facts import LISTS, a_listing

KEYS = [
    (ListedBy.GTIN, "3760121234561", "03760121234561", "a leading zero makes 14 digits of 13"),
    (ListedBy.GTIN, "3760121234561", "376-0121-234561", "grouped"),
    (ListedBy.MPN, "AU-PER-1", "au per/1", "signs and case"),
    (ListedBy.MODEL, "Lisière", "LISIERE", "accents and case"),
    (ListedBy.MODEL, "Colline  Mini", "Colline-Mini", "what stands between the words"),
    (ListedBy.CATEGORY, "Bags > Totes", "bags > totes", "case"),
]


@pytest.mark.parametrize(("by", "one", "other", "_why"), KEYS)
def test_the_same_goods_are_the_same_however_they_are_written(by: ListedBy, one: str, other: str, _why: str) -> None:
    assert list_key(by, one) == list_key(by, other) != ""


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
    found = LISTS.find(a_listing(**row), "brn_aurelle", base_currency="EUR")
    assert (None if found is None else found.amount) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize("brand_id", [None, "brn_solenne"])
def test_a_brand_that_is_not_known_or_has_no_list_asks_nothing(brand_id: str | None) -> None:
    assert LISTS.find(a_listing(title="Aurelle Colline"), brand_id, base_currency="EUR") is None


def entry(name: str, amount: str, currency: str = "EUR") -> ListPrice:
    return ListPrice(brand_id="b", by=ListedBy.MODEL, name=name, amount=Decimal(amount), currency=currency)


def test_of_two_models_in_one_title_the_cheaper_counts() -> None:
    lists = PriceLists([entry("Marlow", "1250"), entry("Calder", "780")])
    found = lists.find(a_listing(title="Strap for Marlow and Calder"), "b", base_currency="EUR")
    assert found is not None
    assert found.name == "Calder"


def test_of_many_currencies_none_of_which_is_asked_for_the_choice_is_fixed() -> None:
    lists = PriceLists([entry("Marlow", "9", "USD"), entry("Marlow", "8", "CHF"), entry("Marlow", "1", "JPY")])
    found = lists.find(a_listing(title="Marlow"), "b", base_currency="EUR")
    assert found is not None
    assert found.currency == "CHF"


def test_lists_come_back_from_plain_rows() -> None:
    again = PriceLists.from_rows(json.loads(json.dumps(LISTS.to_rows())))
    assert sorted(map(repr, again.entries)) == sorted(map(repr, LISTS.entries))


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "1e9", "", "x", "٣"])
def test_a_damaged_amount_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="above zero"):
        PriceLists.from_rows([["b", "model", "Marlow", amount, "EUR"]])
