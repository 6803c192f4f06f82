"""Takedown requests of brands"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0026"
down_revision = "0025b"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "takedown_request",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("right_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_takedown_request_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_takedown_request_brand_id")),
        sa.ForeignKeyConstraint(["right_id"], ["brand_right.right_id"], name=op.f("fk_takedown_request_right_id")),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_takedown_request_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "request_id", name=op.f("pk_takedown_request")),
    )
    op.create_index(
        "ix_takedown_request_known_at", "takedown_request", ["marketplace_id", "brand_id", "known_at"], unique=False
    )
    op.create_table(
        "takedown_item",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=True),
        sa.Column("fate", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("fate IN ('leaves', 'held', 'passed_on', 'refused')", name=op.f("ck_takedown_item_fate")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "request_id"],
            ["takedown_request.marketplace_id", "takedown_request.request_id"],
            name=op.f("fk_takedown_item_marketplace_id_request_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_takedown_item_marketplace_id_verdict_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "request_id", "number", name=op.f("pk_takedown_item")),
    )


def downgrade() -> None:
    """Take back; the verdicts of the requests stay."""
    op.drop_table("takedown_item")
    op.drop_table("takedown_request")
