"""Open cases by their deadline, for the sweep that looks every second"""

import sqlalchemy as sa
from alembic import op

revision = "0082"
down_revision = "0081"


def upgrade() -> None:
    """Apply."""
    still_open = sa.text("state = 'open'")
    op.create_index(
        "ix_review_case_due",
        "review_case",
        ["lane", "due_at"],
        sqlite_where=still_open,
        postgresql_where=still_open,
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_review_case_due", "review_case")
