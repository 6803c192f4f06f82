"""Touchstone's own field names: nested in NDJSON, dotted in flat files (`seller.age_days`, `sales.d7`)."""

from collections.abc import Mapping
from typing import Final

from features.fields import Field, Windows
from features.listing import LISTING_FIELDS, SELLER_FIELDS
from training.adapters.cells import Row, amount, number, present, text, without_missing

_RATINGS: Final = tuple(f"rating_counts.{stars}" for stars in range(1, 6))


def to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a native row; columns that are not fields are dropped."""
    if "seller" in row or any(isinstance(value, Mapping | list) for value in row.values()):
        return {name: value for name, value in row.items() if name != "label"}
    listing = {field.name: _cell(row, field, field.name) for field in LISTING_FIELDS}
    listing["seller"] = {field.name: _cell(row, field, f"seller.{field.name}") for field in SELLER_FIELDS}
    if any(present(row, column) is not None for column in _RATINGS):
        listing["rating_counts"] = [number(row, column) or 0 for column in _RATINGS]
    return without_missing(listing)


def _cell(row: Row, field: Field, column: str) -> object:
    if "properties" in field.schema:
        return {day: number(row, f"{column}.{day}") for day in Windows._fields}
    if field.name == "image_link":
        found = text(row, column)
        return None if found is None else found.replace(",", " ").split()
    types = field.schema.get("type")
    if not isinstance(types, list) or "string" in types:
        is_amount = isinstance(types, list) and "number" in types
        # A Parquet file stores doubles, where 59.70 may be 59.699999999999996.
        return amount(row, column) if is_amount and isinstance(row.get(column), float) else text(row, column)
    return number(row, column)
