"""Figures of the operations page from indexes alone, and processes that say when they last swept"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0041"
down_revision = "0040"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "worker_process",
        sa.Column("worker_id", sa.String(length=80), nullable=False),
        sa.Column("process", sa.String(length=120), nullable=False),
        sa.Column("started_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("seen_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("sweep_seconds", sa.Float(), nullable=False),
        sa.Column("found", serving.platform.database.types.Json(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("pk_worker_process")),
    )
    op.drop_index("ix_score_scored", "score")
    op.create_index("ix_score_scored", "score", ["marketplace_id", "scored_at", "lane"])
    op.drop_index("ix_quarantine_known", "quarantine")
    op.create_index("ix_quarantine_known", "quarantine", ["marketplace_id", "known_at", "code"])
    op.create_index("ix_review_case_age", "review_case", ["marketplace_id", "state", "lane", "opened_at", "due_at"])
    op.create_index("ix_action_state", "action", ["marketplace_id", "state", "kind"])


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_action_state", "action")
    op.drop_index("ix_review_case_age", "review_case")
    op.drop_index("ix_quarantine_known", "quarantine")
    op.create_index("ix_quarantine_known", "quarantine", ["marketplace_id", "known_at"])
    op.drop_index("ix_score_scored", "score")
    op.create_index("ix_score_scored", "score", ["marketplace_id", "scored_at"])
    op.drop_table("worker_process")
