"""Answers that are given to many cases at once, and what became of each"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0051"
down_revision = "0052"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "bulk_verdict",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("bulk_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("judgement", sa.String(length=40), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_bulk_verdict_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_bulk_verdict_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "bulk_id", name=op.f("pk_bulk_verdict")),
        sa.UniqueConstraint("bulk_id", name=op.f("uq_bulk_verdict_bulk_id")),
    )
    op.create_table(
        "bulk_item",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("bulk_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=True),
        sa.Column("made", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.CheckConstraint("made IN ('recorded', 'refused')", name=op.f("ck_bulk_item_made")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "bulk_id"],
            ["bulk_verdict.marketplace_id", "bulk_verdict.bulk_id"],
            name=op.f("fk_bulk_item_marketplace_id_bulk_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_bulk_item_marketplace_id_verdict_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "bulk_id", "number", name=op.f("pk_bulk_item")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("bulk_item")
    op.drop_table("bulk_verdict")
