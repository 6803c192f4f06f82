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

from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json
from serving.rights.rules.rights import RightKind, RightState


def _document_of_the_brand() -> ForeignKeyConstraint:
    """A reference to a document of the same brand at the same marketplace."""
    columns = ("marketplace_id", "brand_id")
    return ForeignKeyConstraint(
        [*columns, "document_digest"], [f"brand_document.{one}" for one in (*columns, "digest")]
    )


# Document bytes as supplied, once per brand and marketplace; rights and powers of attorney refer to them by digest.
brand_document = Table(
    "brand_document",
    metadata,
    id_column("marketplace_id"),
    id_column("brand_id"),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("supplied_by", String(200), nullable=False),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "digest"),
)

brand_right = tenant_table(
    "brand_right",
    "right_id",
    id_column("brand_id"),
    word("kind", RightKind),
    Column("title", String(200), nullable=False),
    Column("office", String(40), nullable=False),
    Column("number", String(40), nullable=False),
    Column("classes", Json, nullable=False),
    Column("territories", Json, nullable=False),
    word("state", RightState),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at", nullable=True),
    Column("claimed_by", String(200), nullable=False),
    Column("settled_by", String(200), nullable=True),
    moment("settled_at", nullable=True),
    Column("note", String(500), nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_of_the_brand(),
    UniqueConstraint("right_id"),
    UniqueConstraint("marketplace_id", "brand_id", "kind", "office", "number"),
)

power_of_attorney = tenant_table(
    "power_of_attorney",
    "mandate_id",
    id_column("brand_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("kinds", Json, nullable=False),
    Column("territories", Json, nullable=False),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_of_the_brand(),
    UniqueConstraint("mandate_id"),
    Index("ix_power_of_attorney_person", "marketplace_id", "brand_id", "user_id"),
)

# The right that carried a brand's confirmation, in the wording of that time: rights end, and the proof stays.
notice_basis = tenant_table(
    "notice_basis",
    "verdict_id",
    id_column("right_id"),
    Column("mandate_ids", Json, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("known_at"),
    within("verdict_id", "verdict"),
    within("right_id", "brand_right"),
)
