"""Amounts as people and spreadsheets write them: `49,90`, `1.234,56 €`, `USD 1,234.50`.

The rule: a text is read with a point and with a comma as the decimal mark; what remains divides groups of three digits.
If both give one number, or only one can be right, the amount shows its mark. `1,234` shows none: it is read as the
other amounts of its column are written, or else those of the file, or else it is refused.
"""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from features.fields import FieldError
from features.money import currency_codes

MARKS: Final = (".", ",")
_SPACES: Final = " \u00a0\u202f'\u2019"  # They divide groups with either mark.
_FORMS: Final = {
    mark: re.compile(
        rf"(?P<whole>-?(?:\d+|[1-9]\d{{0,2}}(?P<group>[{re.escape(other)}{_SPACES}])\d{{3}}(?:(?P=group)\d{{3}})*))"
        rf"(?:{re.escape(mark)}(?P<part>\d+))?",
        re.ASCII,
    )
    for mark, other in (MARKS, MARKS[::-1])
}
DOLLAR: Final = "$"
_DOLLARS: Final = frozenset({"AUD", "CAD", "HKD", "MXN", "NZD", "SGD", "USD"})
_SIGNS: Final = {"€": "EUR", "£": "GBP", "US$": "USD", "zł": "PLN", "₽": "RUB", "₹": "INR"}
_CURRENCY: Final = "|".join(map(re.escape, (*_SIGNS, DOLLAR))) + "|[A-Za-z]{3}"
_MONEY: Final = re.compile(
    rf"\s*(?P<before>{_CURRENCY})?\s*(?P<amount>-?\d(?:[\d.,{_SPACES}]*\d)?)\s*(?P<after>{_CURRENCY})?\s*"
)


class Money(NamedTuple):
    """An amount as written, and the sign or code of its currency, if it has one."""

    amount: str
    currency: str | None


def split_money(cell: str) -> Money | None:
    """The amount and the currency of a cell, None where it is neither.

    >>> split_money("1.234,56 €"), split_money("USD 5"), split_money("cheap")
    (Money(amount='1.234,56', currency='€'), Money(amount='5', currency='USD'), None)
    """
    match = _MONEY.fullmatch(cell)
    if match is None or (match["before"] and match["after"]):
        return None
    return Money(match["amount"], match["before"] or match["after"])


def currency_of(sign: str, default: str | None, column: str) -> str:
    """The code that a sign or code means; `$` is that of the default where it is a dollar.

    Raises FieldError (it means no currency, or may mean several).
    """
    code = _SIGNS.get(sign) or (default if sign == DOLLAR and default in _DOLLARS else sign.upper())
    if code not in currency_codes():
        raise FieldError("bad_currency", column, "{sign} in {name} is not one currency.", sign=sign, name=column)
    return code


def _readings(amount: str) -> dict[str, Decimal]:
    """The number that the text is with each decimal mark with which it is one."""
    readings = {}
    for mark, form in _FORMS.items():
        if match := form.fullmatch(amount):
            whole = re.sub(r"[^\d-]", "", match["whole"])
            readings[mark] = Decimal(f"{whole}.{match['part']}" if match["part"] else whole)
    return readings


def shown_marks(amounts: Iterable[str]) -> frozenset[str]:
    """The decimal marks that amounts show."""
    readings = map(_readings, amounts)
    return frozenset(mark for reading in readings if len(reading) == 1 for mark in reading)


def decimal_marks(columns: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The decimal mark of each column that has one: what its amounts show, or else those of all columns.

    A column whose amounts show both has none.
    """
    shown = {column: shown_marks(amounts) for column, amounts in columns.items()}
    anywhere = frozenset[str]().union(*shown.values())
    return {column: mark for column, own in shown.items() if len(own or anywhere) == 1 for mark in own or anywhere}


def plain_amount(amount: str, mark: str | None, column: str) -> Decimal:
    """The number that the text is, in a column with this decimal mark; without one, points alone are read.

    Raises FieldError (it is no number so, or without a mark may be two).
    """
    readings = _readings(amount)
    if mark is None and len(set(readings.values())) > 1:
        sentence = "{name} can be read as more than one amount; write 1500.00."
        raise FieldError("ambiguous_amount", column, sentence, name=column)
    if (number := readings.get(mark or ".")) is None:
        raise FieldError("wrong_type", column, "{name} must be a decimal number such as 19.90.", name=column)
    return number
