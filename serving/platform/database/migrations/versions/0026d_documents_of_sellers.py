"""Documents of sellers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0026d"
down_revision = "0026"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "seller_document",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_document_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "digest", name=op.f("pk_seller_document")),
    )
    op.create_table(
        "seller_upload",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("upload_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("erased_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_seller_upload_marketplace_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "digest"],
            ["seller_document.marketplace_id", "seller_document.digest"],
            name=op.f("fk_seller_upload_marketplace_id_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_seller_upload_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_upload_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "upload_id", name=op.f("pk_seller_upload")),
        sa.UniqueConstraint(
            "marketplace_id", "action_id", "digest", name=op.f("uq_seller_upload_marketplace_id_action_id_digest")
        ),
    )
    op.create_index("ix_seller_upload_seller", "seller_upload", ["marketplace_id", "seller_external_id", "known_at"])
    op.create_index("ix_seller_upload_digest", "seller_upload", ["marketplace_id", "digest"])


def downgrade() -> None:
    """Take back; what sellers handed in is lost."""
    op.drop_table("seller_upload")
    op.drop_table("seller_document")
