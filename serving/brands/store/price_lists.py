"""Brands' price lists, one at each marketplace: entries are added, never changed.

A later entry for the same goods replaces an earlier one. A `pair` is (marketplace, brand).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from features import money
from features.price_lists import ListedBy, ListPrice, PriceLists
from serving.brands.tables import brand_list_price
from serving.platform.database.scope import Pair, inside
from serving.platform.database.store import add

Key = tuple[str, str, str, str]  # The kind of identifier, the identifier as compared, the currency, the first day.


def load(connection: Connection, marketplace_id: str, as_of: datetime) -> PriceLists:
    """The lists at a marketplace that were in force at a moment."""
    price = brand_list_price.c
    goods = (price.brand_id, price.listed_by, price.list_key, price.currency)
    newest = func.row_number().over(partition_by=goods, order_by=(price.valid_from.desc(), price.known_at.desc()))
    ranked = (
        select(*goods, price.name, price.amount_minor, newest.label("place"))
        .where(
            inside(brand_list_price, marketplace_id),
            price.known_at <= as_of,
            price.valid_from <= as_of.date().isoformat(),
        )
        .subquery()
    )
    query = select(ranked).where(ranked.c.place == 1).order_by(*(ranked.c[column.name] for column in goods))
    return PriceLists(
        ListPrice(
            brand_id=row.brand_id,
            by=ListedBy(row.listed_by),
            name=row.name,
            amount=money.from_minor(row.amount_minor, row.currency),
            currency=row.currency,
        )
        for row in connection.execute(query)
    )


def last_changed_at(connection: Connection, marketplace_id: str) -> datetime | None:
    """When an entry was last added at a marketplace; None where there is none."""
    query = select(func.max(brand_list_price.c.known_at)).where(inside(brand_list_price, marketplace_id))
    changed_at: datetime | None = connection.execute(query).scalar()
    return changed_at


def add_entries(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    add(connection, brand_list_price, rows)


@dataclass(frozen=True, slots=True)
class PriceEntry:
    """One entry as supplied. `holds` is whether no later entry for the same goods replaces it."""

    listed_by: ListedBy
    name: str
    amount: Decimal
    currency: str
    valid_from: str
    source: str
    known_at: datetime
    holds: bool


def entries(
    connection: Connection, pair: Pair, as_of: datetime, *, naming: str = "", most: int, offset: int = 0
) -> list[PriceEntry]:
    """A brand's entries, the last added first; `naming` keeps those whose name contains it, in any case."""
    price = brand_list_price.c
    goods = (price.listed_by, price.list_key, price.currency)
    begun = case((price.valid_from <= as_of.date().isoformat(), 0), else_=1)
    newest = func.row_number().over(
        partition_by=goods, order_by=(begun, price.valid_from.desc(), price.known_at.desc())
    )
    ranked = select(brand_list_price, newest.label("place"), begun.label("later")).where(_of_pair(pair))
    rows = ranked.subquery()
    query = select(rows).order_by(rows.c.known_at.desc(), rows.c.name, rows.c.listed_by, rows.c.valid_from)
    if naming:
        query = query.where(rows.c.name.icontains(naming, autoescape=True))
    return [
        PriceEntry(
            listed_by=ListedBy(row.listed_by),
            name=row.name,
            amount=money.from_minor(row.amount_minor, row.currency),
            currency=row.currency,
            valid_from=row.valid_from,
            source=row.source,
            known_at=row.known_at,
            holds=row.place == 1 and row.later == 0,
        )
        for row in connection.execute(query.limit(most).offset(offset))
    ]


def count(connection: Connection, pair: Pair) -> int:
    """How many entries a brand has, including replaced ones."""
    return int(connection.execute(select(func.count()).where(_of_pair(pair))).scalar_one())


def newest_entries(connection: Connection, pair: Pair) -> dict[Key, dict[str, Any]]:
    """The last added entry for each goods, currency and day, as columns without the pair and the time of adding."""
    price = brand_list_price.c
    key = (price.listed_by, price.list_key, price.currency, price.valid_from)
    newest_first = func.row_number().over(partition_by=key, order_by=price.known_at.desc())
    columns = (*key, price.name, price.amount_minor, price.source)
    ranked = select(*columns, newest_first.label("place")).where(_of_pair(pair)).subquery()
    query = select(*(ranked.c[column.name] for column in columns)).where(ranked.c.place == 1)
    return {tuple(row)[: len(key)]: dict(row._mapping) for row in connection.execute(query)}


def _of_pair(pair: Pair) -> ColumnElement[bool]:
    return inside(brand_list_price, pair[0], brand_id=pair[1])
