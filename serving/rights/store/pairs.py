"""The owner of rights, documents and powers of attorney: a brand at one marketplace.

Every read and write names the pair (marketplace, brand), so that an id of another marketplace finds nothing.
"""

from sqlalchemy import ColumnElement, Connection, FromClause, select

from models.errors import NotFound
from serving.platform.database.scope import inside

Pair = tuple[str, str]


def of(table: FromClause, pair: Pair) -> ColumnElement[bool]:
    """Whether a row belongs to a brand at its marketplace."""
    return inside(table, pair[0], brand_id=pair[1])


def owner(connection: Connection, table: FromClause, which: ColumnElement[bool], missing: str) -> Pair:
    """The pair of a row, for people who may act at all marketplaces.

    Raises NotFound (there is no such row; the sentence is `missing`).
    """
    found = connection.execute(select(table.c.marketplace_id, table.c.brand_id).where(which)).one_or_none()
    if found is None:
        raise NotFound(missing)
    return found.marketplace_id, found.brand_id
