"""The tables of rights."""

from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from serving.platform.database.schema import ID, metadata, moment, one_of, tenant_table, within, word
from serving.platform.database.types import Json

# Document bytes as supplied, once per brand; rights and powers of attorney refer to them by digest.
brand_document = Table(
    "brand_document",
    metadata,
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("supplied_by", String(200), nullable=False),
    moment("known_at"),
    PrimaryKeyConstraint("brand_id", "digest"),
)

brand_right = Table(
    "brand_right",
    metadata,
    Column("right_id", ID, primary_key=True),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    word("kind"),
    Column("title", String(200), nullable=False),
    Column("office", String(40), nullable=False),
    Column("number", String(40), nullable=False),
    Column("classes", Json, nullable=False),
    Column("territories", Json, nullable=False),
    word("state"),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at", nullable=True),
    Column("claimed_by", String(200), nullable=False),
    Column("settled_by", String(200), nullable=True),
    moment("settled_at", nullable=True),
    Column("note", String(500), nullable=True),
    moment("known_at"),
    ForeignKeyConstraint(["brand_id", "document_digest"], ["brand_document.brand_id", "brand_document.digest"]),
    UniqueConstraint("brand_id", "kind", "office", "number"),
    one_of("kind", "mark", "design", "copyright"),
    one_of("state", "claimed", "verified", "refused", "withdrawn", "carried_over"),
)

power_of_attorney = Table(
    "power_of_attorney",
    metadata,
    Column("mandate_id", ID, primary_key=True),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("kinds", Json, nullable=False),
    Column("territories", Json, nullable=False),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    moment("known_at"),
    ForeignKeyConstraint(["brand_id", "document_digest"], ["brand_document.brand_id", "brand_document.digest"]),
    Index("ix_power_of_attorney_person", "brand_id", "user_id"),
)

# The right that carried a brand's confirmation, in the wording of that time: rights end, and the proof stays.
notice_basis = tenant_table(
    "notice_basis",
    "verdict_id",
    Column("right_id", ID, ForeignKey("brand_right.right_id"), nullable=False),
    Column("mandate_ids", Json, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("known_at"),
    within("verdict_id", "verdict"),
)
