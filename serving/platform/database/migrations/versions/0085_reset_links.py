"""Links by which somebody who forgot their password chooses another"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0085"
down_revision = "0084"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reset_link",
        sa.Column("link_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("made_by", sa.String(length=40), nullable=True),
        sa.Column("made_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("used_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("ended_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_reset_link_user_id")),
        sa.ForeignKeyConstraint(["made_by"], ["account.user_id"], name=op.f("fk_reset_link_made_by")),
        sa.PrimaryKeyConstraint("link_id", name=op.f("pk_reset_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_reset_link_token_hash")),
    )
    op.create_index("ix_reset_link_user_id", "reset_link", ["user_id"])


def downgrade() -> None:
    """Take back."""
    op.drop_table("reset_link")
