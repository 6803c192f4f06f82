"""Conditions that keep a query inside one marketplace."""

from collections import defaultdict
from collections.abc import Collection
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import ColumnElement, FromClause, String, and_, bindparam, false, or_

Pair = tuple[str, str]  # A marketplace and a brand there.

# The marketplace of a statement that is built once and executed for any.
HERE: Final = bindparam("here", type_=String())


def columns(table: FromClause, *names: str) -> list[ColumnElement[Any]]:
    """The columns of a table with these names, for a `select`."""
    return [table.c[name] for name in names]


def inside(table: FromClause, marketplace_id: str | ColumnElement[Any], **equal: object) -> ColumnElement[bool]:
    return and_(table.c.marketplace_id == marketplace_id, *(table.c[name] == cell for name, cell in equal.items()))


def in_pairs(table: FromClause, pairs: Collection[Pair]) -> ColumnElement[bool]:
    """A brand in a marketplace among these; an empty set of pairs matches no row, so it never grants access."""
    brands: dict[str, list[str]] = defaultdict(list)
    for place, brand_id in sorted(pairs):
        brands[place].append(brand_id)
    of_places = (and_(inside(table, place), table.c.brand_id.in_(brand_ids)) for place, brand_ids in brands.items())
    return or_(false(), *of_places)


@lru_cache(maxsize=1024)  # Conditions of tables; aliases that a query makes for itself leave again.
def same(table: FromClause, other: FromClause, *columns: str) -> ColumnElement[bool]:
    """Whether the rows of two tables belong to one marketplace and agree in these columns."""
    return and_(table.c.marketplace_id == other.c.marketplace_id, *(table.c[name] == other.c[name] for name in columns))
