"""The tables of listings."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from models.routing import Lane
from models.score import ScoreKind
from serving.listings.rules import EntryKind
from serving.platform.database.schema import (
    EXTERNAL,
    ID,
    id_column,
    metadata,
    moment,
    partial_index,
    tenant_table,
    within,
    word,
)
from serving.platform.database.types import Digest, IdOrder, Json, Kind, PackedBytes, PackedJson

# Listings. The columns of eight bytes come first: PostgreSQL pads what precedes each of them.

seller = tenant_table(
    "seller",
    "seller_id",
    Column("external_id", EXTERNAL, nullable=False),
    moment("first_known_at"),
    UniqueConstraint("marketplace_id", "external_id"),
)

listing = tenant_table(
    "listing",
    "listing_id",
    moment("first_known_at"),
    moment("occurred_at"),
    Column("version", Integer, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("external_id", EXTERNAL, nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=True),
    id_column("version_id"),
    Column("content_hash", Digest, nullable=False),
    Column("observed_hash", Digest, nullable=False),
    # Whether rows came in after newer ones; those are in late_version.
    Column("has_late", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("marketplace_id", "external_id"),
    Index("ix_listing_seller", "marketplace_id", "seller_external_id", "first_known_at"),
    # Without the marketplace, which the id implies: these have an entry for every row, and would be half as wide again.
    Index("ix_listing_current", "version_id"),
)

listing_version = tenant_table(
    "listing_version",
    "version_id",
    moment("known_at"),
    moment("occurred_at"),
    Column("price_minor", BigInteger, nullable=True),
    Column("log_price", Float, nullable=True),
    Column("previous_log_price", Float, nullable=True),
    Column("draw", Float, nullable=False),
    Column("number", Integer, nullable=False),
    id_column("listing_id"),
    Column("content_hash", Digest, nullable=False),
    Column("content", PackedJson(Kind.CONTENT), nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("earlier_prices", Json, nullable=True),  # Always filled; SQLite adds no NOT NULL column without a default.
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=True),
    # When a person named that brand; None where it is the one that the version came in with.
    moment("brand_named_at", nullable=True),
    Column("brand_key", String(200), nullable=False),
    Column("category_key", String(500), nullable=False),
    Column("protected", Boolean, nullable=False, server_default=false()),
    within("listing_id", "listing"),
    UniqueConstraint("listing_id", "number"),
    Index("ix_listing_version_known", "marketplace_id", "known_at"),
    Index("ix_listing_version_seller", "marketplace_id", "seller_external_id", "known_at"),
    is_part=True,
)

# Rows that came in after a newer one: history, never scored and never a version that a case is about.
late_version = tenant_table(
    "late_version",
    "late_version_id",
    id_column("listing_id"),
    Column("content_hash", Digest, nullable=False),
    Column("observed_hash", Digest, nullable=False),
    Column("content", Json, nullable=False),
    Column("observed", Json, nullable=False),
    Column("log_price", Float, nullable=True),
    moment("occurred_at"),
    moment("known_at"),
    within("listing_id", "listing"),
    UniqueConstraint("marketplace_id", "listing_id", "occurred_at", "content_hash", "observed_hash"),
)

# The keys under which similar texts meet (`features.minhash.BANDS`).
TEXT_BANDS: Final = tuple(f"band_{number}" for number in range(16))


def _new_text_index(name: str) -> Index:
    """The texts under one key, in the order of their receipt; a version with an earlier text is not among them."""
    has_key = text(f"{name} IS NOT NULL")
    return partial_index(f"ix_text_signature_{name}", name, "received", where=has_key)


text_signature = tenant_table(
    "text_signature",
    "version_id",
    # The first version of the listing with this text: a change of price alone is no new text.
    id_column("text_id"),
    Column("signature", LargeBinary, nullable=False),
    Column("received", IdOrder, nullable=False),
    # A part of each key (`serving.listings.store.signatures`); null where the text is an earlier version's.
    *(Column(name, Integer, nullable=True) for name in TEXT_BANDS),
    within("version_id", "listing_version"),
    within("text_id", "text_signature", "version_id"),
    *map(_new_text_index, TEXT_BANDS),
    is_part=True,
)

# Texts with a verdict, so that no flood of copies can hide them.
judged_band = Table(
    "judged_band",
    metadata,
    id_column("marketplace_id"),
    Column("band", BigInteger, nullable=False),
    id_column("text_id"),
    PrimaryKeyConstraint("marketplace_id", "band", "text_id"),
    within("text_id", "text_signature", "version_id"),
    sqlite_with_rowid=False,
)
observation = tenant_table(
    "observation",
    "observation_id",
    moment("known_at"),
    moment("occurred_at"),
    id_column("listing_id"),
    id_column("version_id"),
    Column("observed", PackedJson(Kind.OBSERVED), nullable=False),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    Index("ix_observation_listing", "listing_id", "known_at"),
    is_part=True,
)

quarantine = tenant_table(
    "quarantine",
    "quarantine_id",
    Column("source", String(200), nullable=False),
    Column("code", String(40), nullable=False),
    Column("field", String(200), nullable=False),
    Column("sentence", String(500), nullable=False),
    Column("row_hash", String(64), nullable=False),
    Column("row_length", BigInteger, nullable=False),
    Column("row_head", Text, nullable=False),
    Column("row_number", Integer, nullable=False),
    moment("known_at"),
    # With the code, so that refused rows are counted without reading the rows themselves.
    Index("ix_quarantine_known", "marketplace_id", "known_at", "code"),
)

# Facts and scores.

facts = Table(
    "facts",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("digest", Digest, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("body", PackedBytes(Kind.FACTS), nullable=False),
    PrimaryKeyConstraint("marketplace_id", "digest"),
)

score = tenant_table(
    "score",
    "score_id",
    moment("scored_at"),
    Column("value", Float, nullable=False),
    Column("probability", Float, nullable=True),
    Column("inclusion_probability", Float, nullable=False),
    id_column("listing_id"),
    id_column("version_id"),
    Column("facts_digest", Digest, nullable=False),
    word("kind", ScoreKind),
    Column("scorer", String(80), nullable=False),
    Column("fingerprint", Digest, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("evidence", Json, nullable=False),
    word("lane", Lane),
    Column("route_reasons", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    # What read the title for a second score; null in a first answer.
    Column("encoder", String(200), nullable=True),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    ForeignKeyConstraint(["marketplace_id", "facts_digest"], ["facts.marketplace_id", "facts.digest"]),
    Index("ix_score_version", "version_id", "scored_at"),
    Index("ix_score_lane", "marketplace_id", "lane"),
    # With the lane, so that volumes over months are counted from the index alone.
    Index("ix_score_scored", "marketplace_id", "scored_at", "lane"),
    is_part=True,
)

# The words by which listings and sellers are found; each engine has its own index of them
# (`serving.listings.store.search`).
search_entry = Table(
    "search_entry",
    metadata,
    Column("entry_number", Integer, primary_key=True),
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("kind", EntryKind),
    Column("external_id", EXTERNAL, nullable=False),
    Column("words", Text, nullable=False),
    Column("seller_words", Text, nullable=False),
    UniqueConstraint("marketplace_id", "kind", "external_id"),
)
