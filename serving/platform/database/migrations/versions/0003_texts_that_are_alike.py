"""Texts that are alike"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "text_signature",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("text_id", sa.String(length=40), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_text_signature_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "text_id"],
            ["text_signature.marketplace_id", "text_signature.version_id"],
            name=op.f("fk_text_signature_marketplace_id_text_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_text_signature_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "version_id", name=op.f("pk_text_signature")),
    )
    for name in ("text_band", "judged_band"):
        op.create_table(
            name,
            sa.Column("marketplace_id", sa.String(length=40), nullable=False),
            sa.Column("band", sa.BigInteger(), nullable=False),
            sa.Column("text_id", sa.String(length=40), nullable=False),
            sa.ForeignKeyConstraint(
                ["marketplace_id", "text_id"],
                ["text_signature.marketplace_id", "text_signature.version_id"],
                name=op.f(f"fk_{name}_marketplace_id_text_id"),
            ),
            sa.PrimaryKeyConstraint("marketplace_id", "band", "text_id", name=op.f(f"pk_{name}")),
            sqlite_with_rowid=False,
        )


def downgrade() -> None:
    """Take back."""
    op.drop_table("judged_band")
    op.drop_table("text_band")
    op.drop_table("text_signature")
