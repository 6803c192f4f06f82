from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features import money
from tests.fixtures.strategies import PROPERTY

EXPONENTS = [
    ("EUR", 2, "most currencies"),
    ("JPY", 0, "no minor unit"),
    ("KRW", 0, "no minor unit"),
    ("KWD", 3, "a thousandth"),
    ("CLF", 4, "the one with four"),
    ("XTS", 2, "a code that the table does not name"),
]


@pytest.mark.parametrize(("code", "exponent", "_why"), EXPONENTS, ids=[row[0] for row in EXPONENTS])
def test_a_currency_has_the_minor_units_of_iso_4217(code: str, exponent: int, _why: str) -> None:
    assert money.exponent(code) == exponent


ROUNDINGS = [
    ("0.005", "EUR", 0, "half goes to even"),
    ("0.015", "EUR", 2, "half goes to even, here upwards"),
    ("2.5", "JPY", 2, "whole units"),
    ("10000000000", "CLF", 10**14, "the largest amount in the finest currency"),
]


@pytest.mark.parametrize(("amount", "code", "minor", "_why"), ROUNDINGS)
def test_an_amount_rounds_to_minor_units(amount: str, code: str, minor: int, _why: str) -> None:
    assert money.to_minor(Decimal(amount), code) == minor


@PROPERTY
@given(st.integers(0, 10**14), st.sampled_from([row[0] for row in EXPONENTS]))
def test_minor_units_come_back_unchanged(minor: int, code: str) -> None:
    assert money.to_minor(money.from_minor(minor, code), code) == minor


@PROPERTY
@given(st.decimals(0, money.MAX_AMOUNT, places=12), st.sampled_from([row[0] for row in EXPONENTS]))
def test_the_minor_units_of_any_accepted_amount_fit_a_signed_64_bit_column(amount: Decimal, code: str) -> None:
    assert money.to_minor(amount, code) < 2**63


@PROPERTY
@given(st.decimals(0, money.MAX_AMOUNT, places=12), st.sampled_from([row[0] for row in EXPONENTS]))
def test_rounding_twice_changes_nothing(amount: Decimal, code: str) -> None:
    once = money.rounded(amount, code)
    assert str(money.rounded(once, code)) == str(once)
