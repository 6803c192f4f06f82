from decimal import Decimal

import pytest

from features.fields import Rejected
from training.adapters import cells

MISSING = [None, float("nan"), "", "  ", "\u3000"]


@pytest.mark.parametrize("value", MISSING, ids=repr)
@pytest.mark.parametrize("read", [cells.text, cells.number, cells.amount], ids=["text", "number", "amount"])
def test_a_blank_cell_is_missing(read: object, value: object) -> None:
    assert callable(read)
    assert read({"x": value}, "x") is None


def test_an_absent_column_is_missing() -> None:
    assert cells.text({}, "x") is None


TEXTS = [("a", "a"), (12, "12"), (12.0, "12"), (12.5, "12.5"), (Decimal("1.50"), "1.50"), (True, "True")]


@pytest.mark.parametrize(("value", "expected"), TEXTS)
def test_a_cell_reads_as_text(value: object, expected: str) -> None:
    assert cells.text({"x": value}, "x") == expected


NUMBERS = [("12", 12.0), (" 12.0 ", 12.0), (12, 12), (12.5, 12.5), ("1e3", 1000.0), (Decimal("1.5"), 1.5), (0, 0)]


@pytest.mark.parametrize(("value", "expected"), NUMBERS)
def test_a_cell_reads_as_a_number(value: object, expected: float) -> None:
    assert cells.number({"x": value}, "x") == expected


NO_NUMBERS = [
    ("many", "wrong_type"),
    ("12,5", "wrong_type"),
    (True, "wrong_type"),
    ([1], "wrong_type"),
    ("inf", "not_finite"),
    ("1e999", "not_finite"),
    (float("inf"), "not_finite"),
    (float("-inf"), "not_finite"),
]


@pytest.mark.parametrize(("value", "code"), NO_NUMBERS, ids=[repr(row[0]) for row in NO_NUMBERS])
def test_a_cell_that_is_no_number_is_refused_by_its_column(value: object, code: str) -> None:
    with pytest.raises(Rejected) as refused:
        cells.number({"x": value}, "x")
    assert (refused.value.code, refused.value.field) == (code, "x")


AMOUNTS = [
    ("0.10", "0.10", "an amount is exact"),
    ("5.8100000000000005", "5.81", "the noise of a double written out"),
    (4.8100000000000005, "4.81", "the same as a float"),
    ("123456789012.345", "123456789012.345", "fifteen digits are kept"),
    ("12345678901234567", "1.23456789012346E+16", "no amount has so many digits; the door refuses it by its size"),
]


@pytest.mark.parametrize(("value", "expected", "reason"), AMOUNTS, ids=[row[2] for row in AMOUNTS])
def test_an_amount_reads_as_the_intended_decimal(value: object, expected: str, reason: str) -> None:
    assert str(cells.amount({"x": value}, "x")) == expected, reason


def test_a_cell_that_is_no_amount_is_refused_by_its_column() -> None:
    with pytest.raises(Rejected, match="x must be a decimal number"):
        cells.amount({"x": "19,90"}, "x")


def test_windows_are_three_columns() -> None:
    assert cells.windows({"n7": "1", "n90": 9}, "n") == {"d7": 1.0, "d30": None, "d90": 9}


def test_missing_values_and_empty_objects_are_left_out() -> None:
    assert cells.without_missing({"a": None, "b": {"c": None}, "d": 0, "e": {"f": 1, "g": None}}) == {
        "d": 0,
        "e": {"f": 1},
    }
