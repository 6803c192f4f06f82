"""Risks of sellers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seller_ranking",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("as_of", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("window_days", sa.Integer(), nullable=False),
        sa.Column("sellers", sa.Integer(), nullable=False),
        sa.Column("usual_share", sa.Float(), nullable=True),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_ranking_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", name=op.f("pk_seller_ranking")),
    )
    op.create_table(
        "seller_risk",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("offers", sa.Integer(), nullable=False),
        sa.Column("left_out", sa.Integer(), nullable=False),
        sa.Column("left_out_confirmed", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("confirmed", sa.Integer(), nullable=False),
        sa.Column("cleared", sa.Integer(), nullable=False),
        sa.Column("share", sa.Float(), nullable=True),
        sa.Column("percentile", sa.Float(), nullable=True),
        sa.CheckConstraint(
            "state IN ('ranked', 'too_few_offers', 'too_few_sellers', 'no_model')", name=op.f("ck_seller_risk_state")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["seller_ranking.marketplace_id"], name=op.f("fk_seller_risk_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "seller_external_id", name=op.f("pk_seller_risk")),
    )
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.create_index("ix_score_scored", ["marketplace_id", "scored_at"], unique=False)


def downgrade() -> None:
    """Take back; risks are worked out anew."""
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.drop_index("ix_score_scored")
    op.drop_table("seller_risk")
    op.drop_table("seller_ranking")
