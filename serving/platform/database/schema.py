"""The building blocks of every subject's table declarations.

Every business row carries its marketplace, and keys are composite, so that the database itself refuses a reference
from one marketplace into another.
"""

from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa

from serving.platform.database.types import UtcTime

metadata: Final = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

ID = sa.String(40)
EXTERNAL = sa.String(200)


def id_column(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, ID, nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTime, nullable=nullable)


def word(
    name: str, words: Iterable[str] = (), *, nullable: bool = False, server_default: str | None = None
) -> sa.Column[Any]:
    """A column of words; the database refuses others than these, such as those of an enum."""
    column = sa.Column[Any](name, sa.String(40), nullable=nullable, server_default=server_default)
    if listed := ", ".join(f"'{word}'" for word in words):
        check = sa.CheckConstraint(f"{name} IN ({listed})", name=name)
        sa.event.listen(column, "after_parent_attach", lambda _, table: table.append_constraint(check))
    return column


def tenant_table(name: str, key: str, *parts: Any, is_part: bool = False) -> sa.Table:
    """A table of rows that belong to one marketplace, keyed by (marketplace, id).

    A part of something refers to it (`within`), and its marketplace through it: the database need not check both.
    """
    marketplace = () if is_part else (sa.ForeignKey("marketplace.marketplace_id"),)
    return sa.Table(
        name,
        metadata,
        sa.Column("marketplace_id", ID, *marketplace, nullable=False),
        id_column(key),
        *parts,
        sa.PrimaryKeyConstraint("marketplace_id", key),
    )


def partial_index(
    name: str, *columns: Any, where: sa.ColumnElement[bool] | sa.TextClause, unique: bool = False
) -> sa.Index:
    """An index of the rows that meet a condition."""
    return sa.Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


def within(column: str, table: str, key: str | None = None) -> sa.ForeignKeyConstraint:
    """A reference that stays inside the marketplace."""
    return sa.ForeignKeyConstraint(["marketplace_id", column], [f"{table}.marketplace_id", f"{table}.{key or column}"])
