"""The registered brands that a reviewer finds by what is typed: a name, an alias, or nearly one of them."""

import pytest

from features.brands import Brand
from serving.cases.service.brand_search import brands_matching

REGISTER = (
    Brand("a", "Aurelle", ("Maison Aurelle", "欧蕾尔")),
    Brand("n", "Nordfjell", ("NFJ Outdoor",)),
    Brand("f", "Fjell"),
)


@pytest.mark.parametrize(
    ("typed", "expected", "_why"),
    [
        ("aurelle", "a", "the name in other letters"),
        ("maison aur", "a", "a part of an alias"),
        ("欧蕾尔", "a", "an alias in another script"),
        ("nfj outdoor", "n", "an alias"),
        ("fjell", "fn", "the whole name before a part of a name"),
        ("Aurele", "a", "a letter too few"),
        ("Nordfjel", "n", "the beginning of the name"),
        ("Nrodfjell", "n", "two letters exchanged"),
        ("Maison Aurrelle", "a", "a misspelt word of an alias"),
        ("Solenne", "", "another name"),
        (" ", "", "nothing"),
    ],
)
def test_a_brand_is_found_by_what_is_typed(typed: str, expected: str, _why: str) -> None:
    assert "".join(brand.brand_id for brand in brands_matching(REGISTER, typed)) == expected


def test_a_whole_name_comes_before_the_beginning_of_one_and_that_before_a_part() -> None:
    register = (Brand("p", "Alt Elle"), Brand("b", "Bell", ("Elle Bell",)), Brand("w", "Zorn", ("Elle",)))
    assert [brand.brand_id for brand in brands_matching(register, "elle")] == ["w", "b", "p"]
