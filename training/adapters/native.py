"""Touchstone's own field names: nested in NDJSON, dotted in flat files (`seller.age_days`, `sales.d7`)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from features.fields import Field, FieldError, Windows
from features.listing import LISTING_FIELDS, SELLER_FIELDS
from training.adapters.cells import Row, amount, filled_cell, number, text

_RATINGS: Final = tuple(f"rating_counts.{stars}" for stars in range(1, 6))
_SINGLY: Final = frozenset({"seller", "label", *_RATINGS})  # Columns that are read together with others, or checked.


def to_listing(row: Row) -> Mapping[str, object]:
    """The listing mapping of a native row; columns that are not fields are dropped."""
    if "seller" in row or any(isinstance(cell, dict | list | Mapping) for cell in row.values()):
        return {name: cell for name, cell in row.items() if name != "label"}
    listing: dict[str, Any] = {}
    for column in row:  # Most fields are absent from most files.
        if (place := _PLACES.get(column)) is not None and (cell := _read_cell(row, column, place.field)) is not None:
            target = listing
            for name in place.within:
                target = target.setdefault(name, {})
            target[place.name] = cell
    if any(filled_cell(row, column) is not None for column in _RATINGS):
        listing["rating_counts"] = [number(row, column) or 0 for column in _RATINGS]
    return listing


def columns_to_listings(batch: pa.RecordBatch) -> list[Mapping[str, object] | None] | None:
    """The mappings of `to_listing` for the rows of a batch, converted a column at a time.

    A row is None where a cell cannot be read: `to_listing` says why. All are None, as one value, where the columns need
    it: nested values, several of one name, stars, or labels.
    """
    names = batch.schema.names
    if len(set(names)) < len(names) or _SINGLY.intersection(names) or any(map(pa.types.is_nested, batch.schema.types)):
        return None
    listings: list[dict[str, Any] | None] = [{} for _ in range(batch.num_rows)]
    for name, column in zip(names, batch.columns, strict=True):
        if (place := _PLACES.get(name)) is None or column.null_count == len(column):
            continue
        plain = _is_plain(place.field, column.type)
        for i, cell in enumerate(column.to_pylist()):
            listing = listings[i]
            if cell is None or listing is None:
                continue
            if plain:
                field_value: object = cell if cell.strip() else None
            else:
                try:
                    field_value = _read_cell({name: cell}, name, place.field)
                except FieldError:
                    listings[i] = None
                    continue
            if field_value is not None:
                target = listing
                for outer in place.within:
                    target = target.setdefault(outer, {})
                target[place.name] = field_value
    return list(listings)


def _is_plain(field: Field, kind: pa.DataType) -> bool:
    """Whether a cell is read as it is, if it is not blank."""
    types = field.schema.get("type")
    is_text = "properties" not in field.schema and (not isinstance(types, list) or "string" in types)
    return pa.types.is_string(kind) and is_text and field.name != "image_link"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the value of a column belongs: the objects around it, its name in the innermost, and its field."""

    within: tuple[str, ...]
    name: str
    field: Field


def _column_places() -> Iterator[tuple[str, _Place]]:
    seller = ((("seller",), field) for field in SELLER_FIELDS)
    for around, field in (*(((), field) for field in LISTING_FIELDS), *seller):
        column = ".".join((*around, field.name))
        if "properties" in field.schema:
            yield from ((f"{column}.{day}", _Place((*around, field.name), day, field)) for day in Windows._fields)
        else:
            yield column, _Place(around, field.name, field)


_PLACES: Final = dict(_column_places())
COLUMNS: Final = frozenset({*_PLACES, *_SINGLY, *(field.name for field in LISTING_FIELDS)})
OBJECTS: Final = COLUMNS - _PLACES.keys() - {*_RATINGS}  # Read where they are objects; a label is in no listing.


def is_number(column: str) -> bool:
    """Whether the column is an amount, a count or another number."""
    schema = _PLACES[column].field.schema if column in _PLACES else {"type": "number" if column in _RATINGS else ()}
    return "properties" in schema or not {"number", "integer"}.isdisjoint(schema.get("type") or ())  # type: ignore[arg-type]


def _read_cell(row: Row, column: str, field: Field) -> object:
    if "properties" in field.schema:
        return number(row, column)
    if field.name == "image_link":
        links = text(row, column)
        return None if links is None else links.replace(",", " ").split()
    types = field.schema.get("type")
    if not isinstance(types, list) or "string" in types:
        is_amount = isinstance(types, list) and "number" in types
        # A Parquet file stores doubles, where 59.70 may be 59.699999999999996.
        return amount(row, column) if is_amount and isinstance(row.get(column), float) else text(row, column)
    return number(row, column)
