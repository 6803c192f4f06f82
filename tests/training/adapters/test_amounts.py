"""Amounts with a comma or a point as the decimal mark: read right or refused, never silently wrong."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.fields import FieldError
from training.adapters.amounts import decimal_marks, plain_amount

COLUMNS = [
    (["49,90"], "49,90", "49.90", "two digits after a comma are no group of thousands"),
    (["49,90"], "1.234", "1234", "the others have a comma, so a point divides thousands"),
    (["49.90"], "1,234", "1234", "the others have a point"),
    (["12"], "1,234", None, "nothing shows which it is"),
    (["12"], "1.234", None, "nor here"),
    (["1.234,50"], "7", "7", "a whole number has no mark"),
    (["1.234.567"], "1,5", "1.5", "two points divide thousands"),
    (["0,125"], "0,125", "0.125", "no group of thousands begins with zero"),
    (["49.90", "49,90"], "49,90", None, "the column shows both marks"),
    (["49.90", "49,90"], "49.90", "49.90", "a point that can be nothing else is read"),
    (["49,90"], "49.90", None, "a point among commas divides no two digits"),
    (["1 234,50"], "1 234", "1234", "a space divides thousands"),
    (["1,00,000"], "1,00,000", None, "groups of another size"),
]


@pytest.mark.parametrize(("others", "amount", "number", "why"), COLUMNS)
def test_an_amount_is_read_as_the_others_of_its_column_are_written(
    others: list[str], amount: str, number: str | None, why: str
) -> None:
    mark = decimal_marks({"price": others}).get("price")
    if number is None:
        with pytest.raises(FieldError):
            plain_amount(amount, mark, "price")
    else:
        assert plain_amount(amount, mark, "price") == Decimal(number), why


def test_a_column_that_shows_no_mark_is_read_as_the_others_of_the_file() -> None:
    assert decimal_marks({"price": ["1.234"], "rating": ["4,5"]}) == {"price": ",", "rating": ","}


def written(number: Decimal, point: str, group: str) -> str:
    return f"{number:,}".replace(",", "_").replace(".", point).replace("_", group)


@given(
    st.lists(st.decimals("0", "9999999", places=2) | st.integers(0, 9_999_999).map(Decimal), min_size=1),
    st.sampled_from([(".", ","), (",", "."), (",", " "), (".", "'"), (",", ""), (".", "")]),
)
def test_amounts_of_one_notation_are_read_right_or_refused(numbers: list[Decimal], notation: tuple[str, str]) -> None:
    column = [written(number, *notation) for number in numbers]
    mark = decimal_marks({"price": column}).get("price")
    assert mark in {None, notation[0]} or not any("." in str(number) for number in numbers)
    for number, cell in zip(numbers, column, strict=True):
        try:
            assert plain_amount(cell, mark, "price") == number
        except FieldError:
            assert mark is None, cell
