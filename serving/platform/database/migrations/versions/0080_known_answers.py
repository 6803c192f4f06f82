"""Second looks whose answer is known, beside those of the same version whose answer is not"""

import sqlalchemy as sa
from alembic import op

revision = "0080"
down_revision = "0055"


def upgrade() -> None:
    """Apply."""
    op.add_column("review_case", sa.Column("known_answer", sa.Integer(), nullable=True))
    _one_second_look("lane = 'second_look' AND known_answer IS NULL")
    known = sa.text("known_answer IS NOT NULL")
    op.create_index(
        "ix_review_case_known",
        "review_case",
        ["marketplace_id", "opened_at"],
        sqlite_where=known,
        postgresql_where=known,
    )


def downgrade() -> None:
    """Take back; it fails where a version has had both."""
    op.drop_index("ix_review_case_known", "review_case")
    _one_second_look("lane = 'second_look'")
    op.drop_column("review_case", "known_answer")


def _one_second_look(where: str) -> None:
    op.drop_index("ux_review_case_one_second_look", "review_case")
    op.create_index(
        "ux_review_case_one_second_look",
        "review_case",
        ["marketplace_id", "version_id"],
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )
