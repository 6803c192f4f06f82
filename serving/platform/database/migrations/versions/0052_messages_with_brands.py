"""Messages between a brand and its account manager"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0052"
down_revision = "0050"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "brand_message",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("said", sa.String(length=4000), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("erased_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("side IN ('brand', 'manager')", name=op.f("ck_brand_message_side")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "brand_id"],
            ["brand_enrolment.marketplace_id", "brand_enrolment.brand_id"],
            name=op.f("fk_brand_message_marketplace_id_brand_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_brand_message_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_brand_message_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "message_id", name=op.f("pk_brand_message")),
    )
    op.create_index("ix_brand_message_brand", "brand_message", ["marketplace_id", "brand_id", "known_at"])
    op.create_table(
        "brand_message_reading",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("read_until", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "brand_id"],
            ["brand_enrolment.marketplace_id", "brand_enrolment.brand_id"],
            name=op.f("fk_brand_message_reading_marketplace_id_brand_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_brand_message_reading_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "brand_id", "user_id", name=op.f("pk_brand_message_reading")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("brand_message_reading")
    op.drop_index("ix_brand_message_brand", table_name="brand_message")
    op.drop_table("brand_message")
