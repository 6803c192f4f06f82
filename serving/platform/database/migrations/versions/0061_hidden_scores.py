"""Whether a case's score is kept from its reviewer until the answer, and with which chance that was drawn"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0053"


def upgrade() -> None:
    """Apply; cases that are there were opened with the score in sight, and by no draw."""
    op.add_column("review_case", sa.Column("score_hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("review_case", sa.Column("hidden_share", sa.Float(), nullable=True))


def downgrade() -> None:
    """Take back."""
    for name in ("hidden_share", "score_hidden"):
        op.drop_column("review_case", name)
