"""Which roles' first lists a person has read"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0055"
down_revision = "0054"


def upgrade() -> None:
    """Apply. Who is here already is shown the list once."""
    op.create_table(
        "tour_seen",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("seen_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('analyst', 'brand', 'account_manager', 'data_scientist', 'admin')",
            name=op.f("ck_tour_seen_role"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_tour_seen_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_tour_seen")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("tour_seen")
