"""Links of sellers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0025b"
down_revision = "0025"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seller_link",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("made_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("revoked_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_seller_link_marketplace_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_link_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "action_id", "number", name=op.f("pk_seller_link")),
    )


def downgrade() -> None:
    """Take back; links that were sent lead nowhere."""
    op.drop_table("seller_link")
