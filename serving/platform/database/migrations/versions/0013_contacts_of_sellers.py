"""Contacts of sellers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seller_contact",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('phone', 'email', 'handle', 'payout', 'address')", name=op.f("ck_seller_contact_kind")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_contact_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "token", "seller_external_id", name=op.f("pk_seller_contact")),
    )
    with op.batch_alter_table("seller_contact", schema=None) as batch_op:
        batch_op.create_index(
            "ix_seller_contact_earliest", ["marketplace_id", "token", "known_at", "seller_external_id"], unique=False
        )
        batch_op.create_index("ix_seller_contact_seller", ["marketplace_id", "seller_external_id"], unique=False)


def downgrade() -> None:
    """Take back; the contacts must be sent again."""
    op.drop_table("seller_contact")
