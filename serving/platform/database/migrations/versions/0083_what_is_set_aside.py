"""Open cases that are set aside, which are few"""

import sqlalchemy as sa
from alembic import op

revision = "0083"
down_revision = "0082"


def upgrade() -> None:
    """Apply."""
    aside = sa.text("state = 'open' AND aside_until IS NOT NULL")
    op.create_index("ix_review_case_aside", "review_case", ["aside_until"], sqlite_where=aside, postgresql_where=aside)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_review_case_aside", "review_case")
