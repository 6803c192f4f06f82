"""Secrets that change"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0019b"
down_revision = "0019"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.add_column(sa.Column("previous_secret", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("previous_until", serving.platform.database.types.UtcTime(), nullable=True))


def downgrade() -> None:
    """Take back; what is still verified with the secret before fails from then on."""
    with op.batch_alter_table("webhook_endpoint", schema=None) as batch_op:
        batch_op.drop_column("previous_until")
        batch_op.drop_column("previous_secret")
