"""Rights of brands"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0023"
down_revision = "0020c"

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def upgrade() -> None:
    """Apply."""
    op.add_column("marketplace", sa.Column("sold_in", serving.platform.database.types.Json(), nullable=True))
    op.create_table(
        "brand_document",
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("supplied_by", sa.String(length=200), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_brand_document_brand_id")),
        sa.PrimaryKeyConstraint("brand_id", "digest", name=op.f("pk_brand_document")),
    )
    op.create_table(
        "brand_right",
        sa.Column("right_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("classes", serving.platform.database.types.Json(), nullable=False),
        sa.Column("territories", serving.platform.database.types.Json(), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=True),
        sa.Column("begins_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("claimed_by", sa.String(length=200), nullable=False),
        sa.Column("settled_by", sa.String(length=200), nullable=True),
        sa.Column("settled_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('mark', 'design', 'copyright')", name=op.f("ck_brand_right_kind")),
        sa.CheckConstraint(
            "state IN ('claimed', 'verified', 'refused', 'withdrawn', 'carried_over')",
            name=op.f("ck_brand_right_state"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_brand_right_brand_id")),
        sa.ForeignKeyConstraint(
            ["brand_id", "document_digest"],
            ["brand_document.brand_id", "brand_document.digest"],
            name=op.f("fk_brand_right_brand_id_document_digest"),
        ),
        sa.PrimaryKeyConstraint("right_id", name=op.f("pk_brand_right")),
        sa.UniqueConstraint(
            "brand_id", "kind", "office", "number", name=op.f("uq_brand_right_brand_id_kind_office_number")
        ),
    )
    op.create_table(
        "power_of_attorney",
        sa.Column("mandate_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("kinds", serving.platform.database.types.Json(), nullable=False),
        sa.Column("territories", serving.platform.database.types.Json(), nullable=False),
        sa.Column("document_digest", sa.String(length=64), nullable=True),
        sa.Column("begins_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("revoked_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_power_of_attorney_brand_id")),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_power_of_attorney_user_id")),
        sa.ForeignKeyConstraint(
            ["brand_id", "document_digest"],
            ["brand_document.brand_id", "brand_document.digest"],
            name=op.f("fk_power_of_attorney_brand_id_document_digest"),
        ),
        sa.PrimaryKeyConstraint("mandate_id", name=op.f("pk_power_of_attorney")),
    )
    op.create_index("ix_power_of_attorney_person", "power_of_attorney", ["brand_id", "user_id"], unique=False)
    op.create_table(
        "notice_basis",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False),
        sa.Column("right_id", sa.String(length=40), nullable=False),
        sa.Column("mandate_ids", serving.platform.database.types.Json(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_notice_basis_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["right_id"], ["brand_right.right_id"], name=op.f("fk_notice_basis_right_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_notice_basis_marketplace_id_verdict_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "verdict_id", name=op.f("pk_notice_basis")),
    )
    _carry_over()


def _carry_over() -> None:
    """Brands that were enrolled before anybody asked for their rights keep their word, and it says that it was so."""
    connection = op.get_bind()
    enrolled = connection.execute(
        sa.text(
            "SELECT brand.brand_id, brand.name FROM brand WHERE brand.brand_id IN (SELECT brand_id FROM brand_enrolment)"
        )
    ).all()
    brand_right = sa.table(
        "brand_right",
        *(
            sa.column(name)
            for name in ("right_id", "brand_id", "kind", "title", "office", "number", "state", "claimed_by", "note")
        ),
        sa.column("classes", serving.platform.database.types.Json()),
        sa.column("territories", serving.platform.database.types.Json()),
        sa.column("begins_at", serving.platform.database.types.UtcTime()),
        sa.column("known_at", serving.platform.database.types.UtcTime()),
    )
    rows = [
        {
            "right_id": f"rgt_{brand_id.removeprefix('brd_')[:30]}_{kind[0]}",
            "brand_id": brand_id,
            "kind": kind,
            "title": name,
            "office": "",
            "number": "",
            "state": "carried_over",
            "claimed_by": "migration",
            "note": "Taken for granted when rights were first asked for; no document was seen.",
            "classes": [],
            "territories": ["WORLD"],
            "begins_at": _BEGINNING,
            "known_at": _BEGINNING,
        }
        for brand_id, name in enrolled
        for kind in ("mark", "design", "copyright")
    ]
    if rows:
        op.bulk_insert(brand_right, rows)


def downgrade() -> None:
    """Take back."""
    op.drop_table("notice_basis")
    op.drop_index("ix_power_of_attorney_person", table_name="power_of_attorney")
    for table in ("power_of_attorney", "brand_right", "brand_document"):
        op.drop_table(table)
    op.drop_column("marketplace", "sold_in")
