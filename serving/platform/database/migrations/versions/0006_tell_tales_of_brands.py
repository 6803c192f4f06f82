"""Tell-tales of brands"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "tell_tale",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("tell_tale_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("pattern", sa.String(length=200), nullable=False),
        sa.Column("where_found", sa.String(length=40), nullable=False),
        sa.Column("direction", sa.String(length=40), nullable=False),
        sa.Column("active_from", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("active_to", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("removed_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("direction IN ('counterfeit', 'genuine')", name=op.f("ck_tell_tale_direction")),
        sa.CheckConstraint("where_found IN ('title', 'description', 'any')", name=op.f("ck_tell_tale_where_found")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "brand_id"],
            ["brand_enrolment.marketplace_id", "brand_enrolment.brand_id"],
            name=op.f("fk_tell_tale_marketplace_id_brand_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_tell_tale_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "tell_tale_id", name=op.f("pk_tell_tale")),
    )
    with op.batch_alter_table("tell_tale", schema=None) as batch_op:
        batch_op.create_index("ix_tell_tale_brand", ["marketplace_id", "brand_id"], unique=False)


def downgrade() -> None:
    """Take back."""
    with op.batch_alter_table("tell_tale", schema=None) as batch_op:
        batch_op.drop_index("ix_tell_tale_brand")

    op.drop_table("tell_tale")
