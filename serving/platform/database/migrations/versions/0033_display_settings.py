"""How each person wants pages to be written"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0033"
down_revision = "0032d"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "display_setting",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=40), nullable=False),
        sa.Column("density", sa.String(length=40), nullable=False),
        sa.Column("letter_keys", sa.Boolean(), nullable=False),
        sa.Column("theme", sa.String(length=40), nullable=False),
        sa.Column("changed_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("density IN ('comfortable', 'roomy')", name=op.f("ck_display_setting_density")),
        sa.CheckConstraint("language IN ('en', 'zh', 'ru', 'es')", name=op.f("ck_display_setting_language")),
        sa.CheckConstraint("theme IN ('auto', 'light', 'dark')", name=op.f("ck_display_setting_theme")),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_display_setting_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_display_setting")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("display_setting")
