"""Readers of one cell of a file. Blank and NaN are missing; an unreadable cell is rejected with its column's name."""

import math
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Final

from features.fields import FieldError

Row = Mapping[str, object]
_FLOAT_DIGITS: Final = 15  # Decimal digits that survive a double, IEEE 754.


def filled_cell(row: Row, column: str) -> object | None:
    """The cell, or None where it is absent, null, NaN or blank."""
    cell = row.get(column)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return None
    if isinstance(cell, str) and not cell.strip():
        return None
    return cell


def text(row: Row, column: str) -> str | None:
    """The cell as text; a whole float such as 123.0 reads as 123."""
    cell = filled_cell(row, column)
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return None if cell is None else str(cell)


def number(row: Row, column: str) -> float | int | None:
    """The cell as a number; text such as '12.0' is parsed."""
    cell = filled_cell(row, column)
    if cell is None or (isinstance(cell, int) and not isinstance(cell, bool)):
        return cell
    try:
        figure = float(str(cell))
    except ValueError:
        raise FieldError("wrong_type", column, f"{column} must be a number.") from None
    if not math.isfinite(figure):
        raise FieldError("not_finite", column, f"{column} is not a finite number.")
    return figure


def amount(row: Row, column: str) -> Decimal | None:
    """The cell as a decimal, rounded to the digits that a double carries.

    >>> amount({"price": "19.90"}, "price"), amount({"price": "5.8100000000000005"}, "price")
    (Decimal('19.90'), Decimal('5.81'))
    """
    cell = filled_cell(row, column)
    if cell is None:
        return None
    try:
        decimal = Decimal(str(cell))
        return (
            decimal
            if len(decimal.as_tuple().digits) <= _FLOAT_DIGITS
            else Decimal(f"{decimal:.{_FLOAT_DIGITS}g}").normalize()
        )
    except InvalidOperation:
        raise FieldError("wrong_type", column, f"{column} must be a decimal number.") from None


def windows(row: Row, prefix: str) -> dict[str, object]:
    """Columns `prefix`7, `prefix`30 and `prefix`90 as one window object."""
    return {f"d{days}": number(row, f"{prefix}{days}") for days in (7, 30, 90)}


def without_missing(mapping: Mapping[str, object]) -> dict[str, object]:
    """The mapping without its None values and empty inner objects."""
    filled_fields: dict[str, object] = {}
    for name, field_value in mapping.items():
        filled_value = without_missing(field_value) if isinstance(field_value, Mapping) else field_value
        if filled_value is not None and filled_value != {}:
            filled_fields[name] = filled_value
    return filled_fields
