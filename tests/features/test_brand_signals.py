import pytest

from features.brand_signals import gtin_is_valid
from tests.fixtures.facts import some_facts, value, words

GTINS = [
    ("4006381333931", True, "thirteen digits"),
    ("4006381333932", False, "a wrong check digit"),
    ("73513537", True, "eight digits"),
    ("036000291452", True, "twelve digits"),
    ("10614141000415", True, "fourteen digits"),
    ("400638133393", False, "one digit lost"),
    ("40063813339311", False, "one digit too many"),
    ("0000000000000", True, "all zeros pass the arithmetic: a signal, not a condition"),
    ("４００６３８１３３３９３１", False, "full-width digits"),
    ("4006381-33393", False, "a sign between"),
    ("", False, "nothing"),
]


@pytest.mark.parametrize(("gtin", "valid", "_why"), GTINS)
def test_a_trade_item_number_is_valid_by_its_check_digit(gtin: str, valid: bool, _why: str) -> None:
    assert gtin_is_valid(gtin) is valid


NOT_DECLARED = [
    ("Aurelle tote", "Aurelle", 0, "declared as named"),
    ("AURELLE tote", "aurelle", 0, "in another case"),
    ("Aurelle tote", "奥蕾尔", 0, "declared by its alias"),
    ("奥蕾尔 tote", "Aurelle", 0, "named by its alias"),
    ("Aurelle tote", None, 1, "nothing declared"),
    ("Aurelle tote", "Nordfjell", 1, "another declared"),
    ("Aurelle tote", "no name", 1, "an unregistered brand declared"),
    ("Grey tote", "Aurelle", 0, "the title names none"),
]


@pytest.mark.parametrize(("title", "brand", "expected", "_why"), NOT_DECLARED)
def test_a_brand_is_named_but_not_declared(title: str, brand: str | None, expected: float, _why: str) -> None:
    assert value("brand_named_but_not_declared", some_facts(title=title, brand=brand)) == expected


IN_TITLE = [
    ("Aurelle Colline", "Aurelle", 1.0, "letter for letter"),
    ("AURELLÉ", "Aurelle", 1.0, "after folding"),
    ("Aurele Colline", "Aurelle", pytest.approx(12 / 13), "one letter lost: 2 x 6 of 7 + 6 letters"),
]


@pytest.mark.parametrize(("title", "brand", "expected", "_why"), IN_TITLE)
def test_the_declared_brand_stands_in_the_title_by(title: str, brand: str, expected: float, _why: str) -> None:
    assert value("brand_in_title", some_facts(title=title, brand=brand)) == expected


def test_an_obfuscated_brand_is_quoted_by_its_name() -> None:
    assert words("brand_disguised", some_facts(title="Au re11e tote")) == (
        "Brand name in obfuscated spelling: Aurelle."
    )


def test_a_brand_that_is_not_declared_is_quoted_by_its_name() -> None:
    assert words("brand_named_but_not_declared", some_facts(brand=None)) == (
        "The title names Aurelle, which the seller does not declare."
    )


def test_a_plain_name_is_not_obfuscated() -> None:
    assert value("brand_disguised", some_facts()) == 0
    assert value("brand_disguised", some_facts(title="Ａｕｒｅｌｌｅ　ｔｏｔｅ")) == 0


def test_two_named_brands_are_counted() -> None:
    assert value("brand_mentions", some_facts(title="Aurelle or Solenne")) == 2
