"""Receivers that rest"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0019"
down_revision = "0015"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("failures", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("failing_since", serving.platform.database.types.UtcTime(), nullable=True))
        batch_op.add_column(sa.Column("rests_until", serving.platform.database.types.UtcTime(), nullable=True))


def downgrade() -> None:
    """Take back; a receiver that is down is found out anew."""
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_column("rests_until")
        batch_op.drop_column("failing_since")
        batch_op.drop_column("failures")
