"""Readers of one cell of a file. Blank and NaN are missing; an unreadable cell is rejected with its column's name."""

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from features.fields import Rejected

Row = Mapping[str, object]
_FLOAT_DIGITS: Final = 15  # Decimal digits that survive a double, IEEE 754.


def present(row: Row, column: str) -> object | None:
    """The cell, or None where it is absent, null, NaN or blank."""
    value = row.get(column)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, str) and not value.strip():
        return None
    return value


def text(row: Row, column: str) -> str | None:
    """The cell as text; a whole float such as 123.0 reads as 123."""
    value = present(row, column)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else str(value)


def number(row: Row, column: str) -> float | int | None:
    """The cell as a number; text such as '12.0' is parsed."""
    value = present(row, column)
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    try:
        found = float(str(value))
    except ValueError:
        raise Rejected("wrong_type", column, f"{column} must be a number.") from None
    if not math.isfinite(found):
        raise Rejected("not_finite", column, f"{column} is not a finite number.")
    return found


def amount(row: Row, column: str) -> Decimal | None:
    """The cell as a decimal, rounded to the digits that a double carries.

    >>> amount({"price": "19.90"}, "price"), amount({"price": "5.8100000000000005"}, "price")
    (Decimal('19.90'), Decimal('5.81'))
    """
    value = present(row, column)
    if value is None:
        return None
    try:
        found = Decimal(str(value))
        return (
            found
            if len(found.as_tuple().digits) <= _FLOAT_DIGITS
            else Decimal(f"{found:.{_FLOAT_DIGITS}g}").normalize()
        )
    except InvalidOperation:
        raise Rejected("wrong_type", column, f"{column} must be a decimal number.") from None


def windows(row: Row, prefix: str) -> dict[str, object]:
    """Columns `prefix`7, `prefix`30 and `prefix`90 as one window object."""
    return {f"d{days}": number(row, f"{prefix}{days}") for days in (7, 30, 90)}


def without_missing(mapping: Mapping[str, object]) -> dict[str, object]:
    """The mapping without its None values and empty inner objects."""
    found: dict[str, object] = {}
    for name, value in mapping.items():
        kept = without_missing(value) if isinstance(value, Mapping) else value
        if kept is not None and kept != {}:
            found[name] = kept
    return found
