"""Two approvals"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "promotion_approval",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("approval_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("beside", sa.String(length=64), nullable=True),
        sa.Column("approved_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("withdrawn_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("promotion_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "digest"],
            ["model.marketplace_id", "model.digest"],
            name=op.f("fk_promotion_approval_marketplace_id_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "promotion_id"],
            ["promotion.marketplace_id", "promotion.promotion_id"],
            name=op.f("fk_promotion_approval_marketplace_id_promotion_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"],
            ["marketplace.marketplace_id"],
            name=op.f("fk_promotion_approval_marketplace_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "approval_id", name=op.f("pk_promotion_approval")),
    )
    with op.batch_alter_table("promotion_approval", schema=None) as batch_op:
        batch_op.create_index("ix_promotion_approval_model", ["marketplace_id", "digest", "approved_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("promotion_approval", schema=None) as batch_op:
        batch_op.drop_index("ix_promotion_approval_model")

    op.drop_table("promotion_approval")
