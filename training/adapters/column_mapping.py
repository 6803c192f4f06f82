"""A file of anybody's columns: which field of a listing each column is, guessed by its name and corrected by a person.

A mapping is plain data: a page shows what it makes of the first rows, a person changes it, and `asdict` stores it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.resources import files
from itertools import islice
from typing import Final

from features.fields import FieldError, with_nearest
from features.listing import Listing, check
from features.money import currency_codes
from training.adapters import native
from training.adapters.amounts import DOLLAR, currency_of, decimal_marks, plain_amount, split_money
from training.adapters.cells import Row, filled_cell
from training.adapters.merchant_feed import choice_named


def _names_of_fields() -> dict[str, list[str]]:
    """Names of a field in English, German, Spanish and French, the most telling first, as `_plain_name` writes them."""
    text = files("training.adapters").joinpath("column_names.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines()[1:])
    return {field: names.split() for field, names in rows}


_SYNONYMS: Final = _names_of_fields()
MAPPED: Final = tuple(_SYNONYMS)
_AMOUNTS: Final = frozenset({"price", "list_price"})
_CHOICES: Final = frozenset({"condition", "availability"})
_ANY: Final = {"external_id": "any", "title": "any"}
_LATE: Final = datetime(9000, 1, 1, tzinfo=UTC)
_JUDGED_BY: Final = 50  # Filled cells.
_READABLE: Final = 0.5  # A column of the right name whose cells mostly cannot be read is another thing.


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """The field of each column that is read, with dots as in `seller.external_id`, and how its numbers are written.

    `marks` are the decimal marks of columns that show one, `currency` that of amounts which name none.
    """

    fields: Mapping[str, str]
    marks: Mapping[str, str]
    currency: str | None = None

    def column_of(self, field: str) -> str | None:
        """The column of a field."""
        return next((column for column, own in self.fields.items() if own == field), None)


def guessed_mapping(columns: Sequence[str], rows: Sequence[Row], currency: str | None = None) -> ColumnMapping:
    """The mapping that the names of columns and the first rows suggest; `currency` is that of amounts which name none.

    A column of no known name is in no field, and so is one whose cells mostly cannot be read as its field. The currency
    in a price's heading or, of `$`, US dollars are taken only without another.
    """
    names = {column: _plain_name(column) for column in columns}
    headings = {column: _without_currency(name) for column, name in names.items()}
    nested = {column for column in native.OBJECTS if any(isinstance(row.get(column), Mapping) for row in rows)}
    fields = {column: column for column in columns if column in native.COLUMNS - native.OBJECTS | nested}
    for field, synonyms in _SYNONYMS.items():
        known = [_plain_name(field), *synonyms]
        free = [column for column in columns if column not in fields and headings[column][0] in known]
        if field not in fields.values() and free:
            fields[min(free, key=lambda column: known.index(headings[column][0]))] = field
    mapping = with_fields(ColumnMapping({}, {}, currency), fields, rows)
    price = mapping.column_of("price")
    if currency is None and price is not None:
        has_dollars = any(money.currency == DOLLAR for money in map(split_money, _texts(rows, price)) if money)
        mapping = replace(mapping, currency=headings[price][1] or ("USD" if has_dollars else None))
    readable = {column: field for column, field in fields.items() if _is_readable(rows, column, mapping)}
    return with_fields(mapping, readable, rows)


def with_fields(mapping: ColumnMapping, fields: Mapping[str, str], rows: Sequence[Row]) -> ColumnMapping:
    """The mapping with these fields of columns, as a person may have chosen them, and the decimal marks of the rows.

    Raises FieldError (a field is none of a listing, or two columns are one field).
    """
    for column, field in fields.items():
        if field not in native.COLUMNS:
            known = with_nearest(field, native.COLUMNS)
            raise FieldError("unknown_field", column, "{field} is no field of a listing.", field=known)
        if (other := next(name for name, own in fields.items() if own == field)) != column:
            sentence = "{column} and {other} cannot both be {field}."
            raise FieldError("duplicate_key", column, sentence, column=column, other=other, field=field)
    numbers = {column: _amounts(rows, column) for column, field in fields.items() if native.is_number(field)}
    return replace(mapping, fields=dict(fields), marks=decimal_marks(numbers))


def to_listing(row: Row, mapping: ColumnMapping) -> Mapping[str, object]:
    """The listing mapping of a row. A condition or availability of another name is unknown.

    Raises FieldError (an amount cannot be read, or amounts are in two currencies; the field is the column's name).
    """
    cells: dict[str, object] = {}
    stated: dict[str, str] = {}
    for column, field in mapping.fields.items():
        if (cell := filled_cell(row, column)) is None:
            continue
        if isinstance(cell, str) and native.is_number(field):
            money = split_money(cell)
            if money is None or (money.currency and field not in _AMOUNTS):
                raise FieldError("wrong_type", column, "{name} must be a decimal number such as 19.90.", name=column)
            if money.currency:
                stated[column] = money.currency
            cell = str(plain_amount(money.amount, mapping.marks.get(column), column))
        elif field in _CHOICES:
            cell = choice_named(field, str(cell))
        elif field == "currency" and isinstance(cell, str):
            cell = currency_of(cell.strip(), mapping.currency, column)
        cells[field] = cell
    if cells.keys() & _AMOUNTS:
        cells["currency"] = _currency_of_row(cells.get("currency"), stated, mapping.currency)
    return native.to_listing(cells)


def _currency_of_row(named: object, stated: Mapping[str, str], default: str | None) -> object:
    """The row's own currency, or else that of its amounts, or else the default."""
    own = named if isinstance(named, str) else None
    codes = {column: currency_of(sign, own or default, column) for column, sign in stated.items()}
    for column, code in codes.items():
        if code != (own or next(iter(codes.values()))):
            raise FieldError("bad_currency", column, "{name} is in another currency than its row.", name=column)
    return named or next(iter(codes.values()), default)


def _plain_name(column: str) -> str:
    """A heading without accents, capitals and signs.

    >>> _plain_name("Artikel-Nr."), _plain_name("Préix  (EUR)"), _plain_name("itemName")
    ('artikel_nr', 'preix_eur', 'item_name')
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column)
    letters = "".join(c for c in unicodedata.normalize("NFKD", spaced.casefold()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "_", letters).strip("_")


def _without_currency(name: str) -> tuple[str, str | None]:
    """The plain name, and the currency that it ends with.

    >>> _without_currency("preis_eur"), _without_currency("eur")
    (('preis', 'EUR'), ('eur', None))
    """
    heading, _, code = name.rpartition("_")
    return (heading, code.upper()) if heading and code.upper() in currency_codes() else (name, None)


def _texts(rows: Iterable[Row], column: str) -> Iterator[str]:
    return (cell for row in rows if isinstance(cell := filled_cell(row, column), str))


def _amounts(rows: Iterable[Row], column: str) -> list[str]:
    return [money.amount for money in map(split_money, _texts(rows, column)) if money]


def _is_readable(rows: Sequence[Row], column: str, mapping: ColumnMapping) -> bool:
    """Whether most filled cells of a column can be read. An amount is always kept: a row that is refused says why."""
    field = mapping.fields[column]
    if field in _AMOUNTS:
        return True
    alone = replace(mapping, fields={column: field})
    filled = list(islice((row for row in rows if filled_cell(row, column) is not None), _JUDGED_BY))
    return sum(_reads(row, alone) for row in filled) >= _READABLE * len(filled)


def _reads(row: Row, mapping: ColumnMapping) -> bool:
    try:
        return isinstance(check({**_ANY, **to_listing(row, mapping)}, received_at=_LATE), Listing)
    except FieldError:
        return False
