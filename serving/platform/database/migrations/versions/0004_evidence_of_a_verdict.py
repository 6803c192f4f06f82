"""Evidence of a verdict"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply: what was judged so far was judged by the offer."""
    check = sa.CheckConstraint("evidence IN ('offer', 'test_buy')", name=op.f("ck_verdict_evidence"))
    column = sa.Column("evidence", sa.String(length=40), check, server_default="offer", nullable=False)
    op.add_column("verdict", column)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_column("evidence")
