"""Authorised sellers that are taken off a brand's list, and who put them on it"""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0053"
down_revision = "0051"

_KEY: Final = ("marketplace_id", "brand_id", "seller_external_id")
_LIST: Final = sa.table(
    "authorised_seller",
    *map(sa.column, _KEY),
    sa.column("added_at", serving.platform.database.types.UtcTime()),
    sa.column("added_by"),
    sa.column("ended_by"),
)
_KEPT: Final = (*(_LIST.c[name] for name in _KEY), _LIST.c.added_at)


def upgrade() -> None:
    """Apply. A seller can be on the list several times, so that the key holds when."""
    rows = op.get_bind().execute(sa.select(*_KEPT)).mappings().all()
    _make_again(
        sa.Column("added_by", sa.String(length=200), nullable=False),
        sa.Column("ended_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=200), nullable=True),
        key=(*_KEY, "added_at"),
    )
    _fill([{**row, "added_by": "operator"} for row in rows])


def downgrade() -> None:
    """Take back; who was taken off the list is lost, and who was on it twice is on it once."""
    rows = op.get_bind().execute(sa.select(*_KEPT).where(_LIST.c.ended_by.is_(None))).mappings().all()
    _make_again(key=_KEY)
    _fill([*{tuple(row[name] for name in _KEY): dict(row) for row in rows}.values()])


def _make_again(*more: sa.Column[Any], key: tuple[str, ...]) -> None:
    """SQLite changes no key of a table that is there, and PostgreSQL names the key's index after the table."""
    op.drop_table("authorised_seller")
    op.create_table(
        "authorised_seller",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("added_at", serving.platform.database.types.UtcTime(), nullable=False),
        *more,
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_authorised_seller_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_authorised_seller_marketplace_id")
        ),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_authorised_seller")),
    )


def _fill(rows: list[dict[str, Any]]) -> None:
    if rows:
        op.get_bind().execute(sa.insert(_LIST), rows)
