"""Removals that leave at a random moment"""

import sqlalchemy as sa
from alembic import op

revision = "0032c"
down_revision = "0032b"


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.add_column(sa.Column("random_delay_seconds", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back; what waits leaves when it was to leave."""
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_column("random_delay_seconds")
