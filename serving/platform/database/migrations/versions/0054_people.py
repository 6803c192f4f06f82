"""Invitations by a one-time link, and when somebody last signed in"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0054"
down_revision = "0072"


def upgrade() -> None:
    """Apply. When those who are here signed in last is not known."""
    op.add_column("account", sa.Column("signed_in_at", serving.platform.database.types.UtcTime(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("invitation_id", sa.String(length=40), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("invited_by", sa.String(length=40), nullable=False),
        sa.Column("invited_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("used_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("withdrawn_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("user_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "role IN ('analyst', 'brand', 'account_manager', 'data_scientist', 'admin')",
            name=op.f("ck_invitation_role"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_invitation_brand_id")),
        sa.ForeignKeyConstraint(["invited_by"], ["account.user_id"], name=op.f("fk_invitation_invited_by")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_invitation_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_invitation_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "invitation_id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("invitation")
    op.drop_column("account", "signed_in_at")
