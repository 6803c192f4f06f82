"""Brands' price lists, prices that many offers have, usual shares of returns"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "common_price",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_common_price_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "currency", "price_minor", name=op.f("pk_common_price")),
    )
    op.create_table(
        "usual_share",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("mean", sa.Float(), nullable=False),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("groups_behind", sa.Integer(), nullable=False),
        sa.Column("as_of", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_usual_share_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "name", name=op.f("pk_usual_share")),
    )
    op.create_table(
        "brand_list_price",
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("listed_by", sa.String(length=40), nullable=False),
        sa.Column("list_key", sa.String(length=500), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=500), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_brand_list_price_brand_id")),
        sa.PrimaryKeyConstraint(
            "brand_id",
            "listed_by",
            "list_key",
            "currency",
            "valid_from",
            "known_at",
            name=op.f("pk_brand_list_price"),
        ),
        sa.CheckConstraint(
            "listed_by IN ('gtin', 'mpn', 'model', 'category')", name=op.f("ck_brand_list_price_listed_by")
        ),
    )
