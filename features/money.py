"""Amounts as Decimal with an ISO 4217 code; minor units only where they are stored."""

import json
from decimal import ROUND_HALF_EVEN, Decimal
from functools import cache
from importlib.resources import files

MAX_AMOUNT = Decimal(10) ** 10  # Keeps minor units of every currency inside a signed 64-bit integer.


@cache
def _exponents() -> dict[str, int]:
    text = files("features").joinpath("data/currency_exponents.json").read_text(encoding="utf-8")
    exponents: dict[str, int] = json.loads(text)
    return exponents


@cache
def currency_codes() -> frozenset[str]:
    """The codes of ISO 4217, with those withdrawn since 1995: older rows of files have them."""
    return frozenset(files("features").joinpath("data/currency_codes.txt").read_text(encoding="utf-8").split())


def exponent(currency: str) -> int:
    """Decimal places of a currency; 2 for every code that ISO 4217 does not list otherwise.

    >>> exponent("JPY"), exponent("EUR"), exponent("KWD")
    (0, 2, 3)
    """
    return _exponents().get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """The amount in minor units, rounded half to even.

    >>> to_minor(Decimal("19.995"), "EUR"), to_minor(Decimal("1500"), "JPY")
    (2000, 1500)
    """
    return int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))


def from_minor(minor: int, currency: str) -> Decimal:
    """The inverse of `to_minor`.

    >>> from_minor(1999, "EUR")
    Decimal('19.99')
    """
    return Decimal(minor).scaleb(-exponent(currency))


def round_amount(amount: Decimal, currency: str) -> Decimal:
    """The amount at its stored precision, so that scoring and storage use the same value.

    >>> round_amount(Decimal("19.995"), "EUR"), round_amount(Decimal("1500"), "EUR")
    (Decimal('20.00'), Decimal('1500.00'))
    """
    return amount.quantize(_smallest_unit(currency), ROUND_HALF_EVEN)


@cache
def _smallest_unit(currency: str) -> Decimal:
    return from_minor(1, currency)
