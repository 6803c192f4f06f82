"""Cases that are offered to the least loaded analyst"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0032b"
down_revision = "0032"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_offer",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("offered_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("until", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_case_offer_marketplace_id")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_case_offer_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_case_offer_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "case_id", name=op.f("pk_case_offer")),
    )
    op.create_index("ix_case_offer_until", "case_offer", ["marketplace_id", "until"], unique=False)


def downgrade() -> None:
    """Take back; every open case is anybody's again."""
    op.drop_table("case_offer")
