"""Standing of brands"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0015"
down_revision = "0014"

_LEVEL = "level IN ('self_service', 'full', 'provisional', 'capped', 'suspended')"


def upgrade() -> None:
    """Apply: every confirmation so far took effect by itself."""
    op.add_column("verdict", sa.Column("passed_on", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.create_index("ix_verdict_brand", "verdict", ["marketplace_id", "brand_id", "known_at"], unique=False)
    op.create_table(
        "confirmation",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("audit_chance", sa.Float(), nullable=False),
        sa.Column("drawn", sa.Boolean(), nullable=False),
        sa.Column("audit_case_id", sa.String(length=40), nullable=True),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(_LEVEL, name=op.f("ck_confirmation_level")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_confirmation_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "audit_case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_confirmation_marketplace_id_audit_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_confirmation_marketplace_id_verdict_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_confirmation_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "verdict_id", name=op.f("pk_confirmation")),
    )
    op.create_index("ix_confirmation_brand", "confirmation", ["marketplace_id", "brand_id", "known_at"], unique=False)
    op.create_index("ix_confirmation_waiting", "confirmation", ["drawn", "audit_case_id", "known_at"], unique=False)
    op.create_table(
        "standing_change",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("change_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("level", sa.String(length=40), nullable=False),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.Column("since", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("counts", serving.platform.database.types.Json(), nullable=False),
        sa.Column("reasons", serving.platform.database.types.Json(), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(_LEVEL, name=op.f("ck_standing_change_level")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_standing_change_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_standing_change_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "change_id", name=op.f("pk_standing_change")),
    )
    op.create_index(
        "ix_standing_change_brand", "standing_change", ["marketplace_id", "brand_id", "known_at"], unique=False
    )


def downgrade() -> None:
    """Take back; every confirmation counts as one that took effect."""
    op.drop_table("standing_change")
    op.drop_table("confirmation")
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_index("ix_verdict_brand")
        batch_op.drop_column("passed_on")
