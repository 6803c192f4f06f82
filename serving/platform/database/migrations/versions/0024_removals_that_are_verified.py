"""Removals that are verified"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply."""
    op.add_column("webhook_endpoint", sa.Column("status_url", sa.String(length=2000), nullable=True))
    op.create_table(
        "removal_check",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("looks", sa.Integer(), server_default="0", nullable=False),
        sa.Column("acknowledged_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("looked_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("gone_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("seconds_to_removal", sa.Float(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'gone', 'still_shown', 'unknown', 'given_back')", name=op.f("ck_removal_check_state")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"],
            ["marketplace.marketplace_id"],
            name=op.f("fk_removal_check_marketplace_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_removal_check_marketplace_id_action_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "action_id", name=op.f("pk_removal_check")),
    )
    op.create_index("ix_removal_check_due", "removal_check", ["due_at"], unique=False)
    op.create_index("ix_removal_check_state", "removal_check", ["marketplace_id", "state"], unique=False)


def downgrade() -> None:
    """Take back; what is known of removals is what the marketplace acknowledged."""
    op.drop_table("removal_check")
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_column("status_url")
