"""Limits on questions"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "circuit_breaker",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("checked_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("counted_from", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("opened_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_circuit_breaker_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", name=op.f("pk_circuit_breaker")),
    )
    with op.batch_alter_table("brand_enrolment", schema=None) as batch_op:
        batch_op.add_column(sa.Column("daily_questions", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("brand_enrolment", schema=None) as batch_op:
        batch_op.drop_column("daily_questions")

    op.drop_table("circuit_breaker")
