"""The newest open cases first, for who asks what has come"""

import sqlalchemy as sa
from alembic import op

revision = "0072"
down_revision = "0071"


def upgrade() -> None:
    """Apply."""
    still_open = sa.text("state = 'open'")
    op.create_index(
        "ix_review_case_newest",
        "review_case",
        ["opened_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_review_case_newest", "review_case")
