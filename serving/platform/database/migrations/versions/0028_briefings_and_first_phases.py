"""Briefings of brands' people, and first phases of enrolment

Who answered for a brand before there was a briefing is carried over as briefed today, and brands that were enrolled
are past their first phase.
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0028"
down_revision = "0027b"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "briefing_attempt",
        sa.Column("attempt_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("how", sa.String(length=40), nullable=False),
        sa.Column("questions", sa.String(length=80), nullable=False),
        sa.Column("answers", serving.platform.database.types.Json(), nullable=False),
        sa.Column("right_answers", sa.Integer(), nullable=False),
        sa.Column("passed", sa.Boolean(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("how IN ('answered', 'vouched', 'carried_over')", name=op.f("ck_briefing_attempt_how")),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_briefing_attempt_user_id")),
        sa.PrimaryKeyConstraint("attempt_id", name=op.f("pk_briefing_attempt")),
    )
    op.create_index("ix_briefing_attempt_user_id", "briefing_attempt", ["user_id", "known_at"], unique=False)
    with op.batch_alter_table("brand_enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("full_since", serving.platform.database.types.UtcTime(), nullable=True))
    op.execute(sa.text("UPDATE brand_enrolment SET full_since = enrolled_at"))
    _carry_over()


def _carry_over() -> None:
    connection = op.get_bind()
    people = connection.execute(sa.text("SELECT DISTINCT user_id FROM role_grant WHERE role = 'brand'")).scalars()
    attempt = sa.table(
        "briefing_attempt",
        sa.column("attempt_id", sa.String),
        sa.column("user_id", sa.String),
        sa.column("how", sa.String),
        sa.column("questions", sa.String),
        sa.column("answers", serving.platform.database.types.Json()),
        sa.column("right_answers", sa.Integer),
        sa.column("passed", sa.Boolean),
        sa.column("known_at", serving.platform.database.types.UtcTime()),
    )
    now = datetime.now(UTC)
    for user_id in list(people):
        connection.execute(
            attempt.insert().values(
                attempt_id=f"brf{user_id[3:]}",
                user_id=user_id,
                how="carried_over",
                questions="none",
                answers={},
                right_answers=0,
                passed=True,
                known_at=now,
            )
        )


def downgrade() -> None:
    """Take back; everybody confirms without a briefing again."""
    with op.batch_alter_table("brand_enrolment", schema=None) as batch_op:
        batch_op.drop_column("full_since")
    op.drop_table("briefing_attempt")
