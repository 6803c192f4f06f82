"""Lists that are read in pages: each page goes on behind the last row of the one before, whatever came in between."""

from collections.abc import Callable, Collection, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Select, UnaryExpression, and_, false, or_, select

from models.errors import Invalid

T = TypeVar("T")
S = TypeVar("S", bound=Select[Any])


def page(
    connection: Connection,
    query: S,
    marketplaces: Collection[str],
    after: str | None,
    *order: Column[Any] | UnaryExpression[Any],
) -> S:
    """A query in an order, whose last column is the id; with `after` the rows behind the one of these marketplaces.

    Raises Invalid (there is no such row).
    """
    if after is None:
        return query.order_by(*order)
    columns: list[Any] = [term.element if isinstance(term, UnaryExpression) else term for term in order]
    own = columns[-1] == after, columns[-1].table.c.marketplace_id.in_(sorted(marketplaces))
    last = connection.execute(select(*columns).where(*own)).first()
    if last is None:
        raise Invalid("There is no such place in this list. Begin without `after`.")
    further: ColumnElement[bool] = false()
    for term, column, last_value in reversed(list(zip(order, columns, last, strict=True))):
        nearer = column < last_value if isinstance(term, UnaryExpression) else column > last_value
        further = or_(nearer, and_(column == last_value, further))
    # The first column bounds the part of an index that is read.
    bound = columns[0] <= last[0] if isinstance(order[0], UnaryExpression) else columns[0] >= last[0]
    return query.where(bound, further).order_by(*order)


def cut(rows: Sequence[T], most: int, name: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """At most `most` rows, and the name of the last of them where more were read.

    >>> cut("abc", 2, str), cut("ab", 2, str)
    (('ab', 'b'), ('ab', None))
    """
    return rows[:most], name(rows[most - 1]) if len(rows) > most else None
