"""Drift reports"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "drift_report",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("report_id", sa.String(length=40), nullable=False),
        sa.Column("report", serving.platform.database.types.Json(), nullable=False),
        sa.Column("made_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_drift_report_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "report_id", name=op.f("pk_drift_report")),
    )
    with op.batch_alter_table("drift_report", schema=None) as batch_op:
        batch_op.create_index("ix_drift_report_made", ["marketplace_id", "made_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("drift_report", schema=None) as batch_op:
        batch_op.drop_index("ix_drift_report_made")

    op.drop_table("drift_report")
