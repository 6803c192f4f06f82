"""Price lists as brands supply them: validated, dated, added to and never changed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from features import fields, money
from features.fields import FieldError
from features.phrase import Phrase
from features.price_lists import ListedBy, list_key
from models.errors import Conflict, Invalid
from serving.audit.store import audit
from serving.brands.store import brands, price_lists
from serving.brands.store.price_lists import Key, PriceEntry
from serving.platform.database.scope import Pair
from serving.platform.runtime import Runtime
from serving.platform.tabular import Kind

# A brand with ten thousand articles that changes its prices twice a year for five years.
MOST_ENTRIES: Final = 100_000
_Entered = TypeVar("_Entered")
NOT_STATED: Final = "not said"  # As the source of a price that came without one.
_FIELDS: Final = {
    field.name: field
    for field in (
        fields.text("gtin", 50, "The goods' trade item number."),
        fields.text("mpn", 100, "The brand's own part number."),
        fields.text("model", 200, "The model's name, as it stands in titles."),
        fields.text("category", 500, "The marketplace's category, for the cheapest goods in it."),
        fields.amount("price", "What the brand asks."),
        fields.currency("currency", "ISO 4217 code."),
        fields.text("valid_from", 10, "The first day on which it is in force; by default today."),
        fields.text("source", 200, "Where it stands written."),
    )
}


COLUMNS: Final = {
    "listed_by": Kind.TEXT, "name": Kind.TEXT, "price": Kind.MONEY, "currency": Kind.TEXT, "valid_from": Kind.TEXT,
    "source": Kind.TEXT, "added_at": Kind.MOMENT, "holds": Kind.TEXT,
}  # fmt: skip


def list_rows(entries: Iterable[PriceEntry]) -> list[tuple[Any, ...]]:
    return [
        (
            list_price.listed_by.value,
            list_price.name,
            list_price.amount,
            list_price.currency,
            list_price.valid_from,
            list_price.source,
            list_price.known_at,
            "Yes" if list_price.holds else "No",
        )
        for list_price in entries
    ]


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row of an uploaded list: the goods that it prices, or why it is refused. The first row is 1."""

    number: int
    row: Mapping[str, Any]
    entries: tuple[Mapping[str, Any], ...]
    refused: Phrase | None


def judge_rows(rows: Sequence[Mapping[str, Any]], now: datetime) -> list[JudgedRow]:
    """Each row with its result; nothing is stored."""
    judged = []
    for number, row in enumerate(rows, 1):
        try:
            judged.append(JudgedRow(number, row, tuple(_entries(row, now)), None))
        except Invalid as refused:
            judged.append(JudgedRow(number, row, (), refused.phrase))
    return judged


def load_price_list(
    runtime: Runtime, brand: str, rows: Sequence[Mapping[str, Any]], *, marketplace: str | None = None, by: str
) -> int:
    """Add a brand's list prices at a marketplace; returns how many entries they make.

    They make one for each number, model and category named.

    Raises Invalid (a row is malformed; no row is stored then), NotFound (the brand is not enrolled here) or Conflict
    (the list would exceed its maximum).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        audit.lock(connection)
        pair = brands.pair_by_names(connection, brand, marketplace)
        number_of_entries = put_rows(connection, pair, rows, now, by=by)
    runtime.forget()
    return number_of_entries


def put_rows(connection: Connection, pair: Pair, rows: Sequence[Mapping[str, Any]], now: datetime, *, by: str) -> int:
    """Add rows in the caller's transaction; returns how many entries they make. Raises Invalid, Conflict (as above)."""
    entries: dict[tuple[Any, ...], dict[str, Any]] = {}
    for number, row in enumerate(rows, 1):
        for price_row in _entries_of(number, row, now):
            # The last row for the same goods in one list counts.
            same = tuple(price_row[name] for name in ("listed_by", "list_key", "currency", "valid_from"))
            entries[same] = price_row
    put_entries(connection, pair, list(entries.values()), now, by=by)
    return len(entries)


def put_entries(
    connection: Connection, pair: Pair, entries: Sequence[Mapping[str, Any]], now: datetime, *, by: str
) -> None:
    """Store valid entries of a brand at a marketplace, in the caller's transaction.

    Raises Conflict (the list would exceed its maximum).
    """
    if price_lists.count(connection, pair) + len(entries) > MOST_ENTRIES:
        name = brands.enrolments(connection, pair[0])[pair[1]].name
        raise Conflict("{name} would exceed the limit of {most:,} list prices.", name=name, most=MOST_ENTRIES)
    owned = {"marketplace_id": pair[0], "brand_id": pair[1], "known_at": now}
    price_lists.add_entries(connection, [{**price_row, **owned} for price_row in entries])
    audit.record(connection, now, pair[0], by, "price_list.loaded", pair[1], entries=len(entries))


def copy_entries(connection: Connection, pair: Pair, other: Pair, now: datetime, *, by: str) -> int:
    """Add to another list of the brand the entries in force or later that it does not have; returns how many.

    The other list has an entry if its own last entry for the same goods and day has the same price.

    Raises Conflict (the list would exceed its maximum).
    """
    theirs = price_lists.newest_entries(connection, other)
    missing = [
        price_row
        for key, price_row in in_force_or_later(price_lists.newest_entries(connection, pair), now).items()
        if key not in theirs or theirs[key]["amount_minor"] != price_row["amount_minor"]
    ]
    if missing:
        audit.record(connection, now, pair[0], by, "price_list.shared", pair[1], entries=len(missing))
        put_entries(connection, other, missing, now, by=by)
    return len(missing)


def in_force_or_later(entries: Mapping[Key, _Entered], now: datetime) -> dict[Key, _Entered]:
    """The entries that hold now or begin later, of the last added ones for each goods, currency and day."""
    today = now.date().isoformat()
    begun: dict[tuple[str, ...], str] = {}
    for key in entries:
        if key[-1] <= today:
            begun[key[:-1]] = max(key[-1], begun.get(key[:-1], ""))
    return {key: price_row for key, price_row in entries.items() if key[-1] > today or begun[key[:-1]] == key[-1]}


def _entries_of(number: int, row: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """As `_entries`; an error names the row."""
    try:
        return _entries(row, now)
    except Invalid as refused:
        raise Invalid("Row {n}: {why}", n=number, why=refused.phrase) from None


def _entries(row: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    """The entries of one row, for each number, model and category that it names."""
    try:
        cells = {name: _FIELDS[name].read(name, raw) for name, raw in row.items() if raw not in (None, "")}
        valid_from = date.fromisoformat(str(cells.get("valid_from") or now.date()))
    except KeyError as unknown:
        raise Invalid("{words} is not a column of a price list.", words=fields.printable(unknown.args[0])) from None
    except FieldError as refused:
        raise Invalid(refused.phrase) from None
    except ValueError:
        raise Invalid("valid_from must be a day such as 2026-03-01.") from None
    amount, currency = cells.get("price"), cells.get("currency")
    if not isinstance(amount, Decimal) or not amount or currency is None:
        raise Invalid("a list price needs a price above zero and its currency.")
    named = [(by, str(cells[by.value]), list_key(by, str(cells[by.value]))) for by in ListedBy if cells.get(by.value)]
    if not named or not all(key for _, _, key in named):
        raise Invalid("a list price needs a gtin, an mpn, a model or a category.")
    return [
        {
            "listed_by": by.value,
            "list_key": key,
            "name": name,
            "currency": currency,
            "amount_minor": money.to_minor(amount, str(currency)),
            "valid_from": valid_from.isoformat(),
            "source": str(cells.get("source") or NOT_STATED),
        }
        for by, name, key in named
    ]
