"""The tables of listings."""

from typing import Final

import sqlalchemy as sa

from models.routing import Lane
from models.score import ScoreKind
from serving.listings.rules import EntryKind, FileState
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
    sa.Column("external_id", EXTERNAL, nullable=False),
    moment("first_known_at"),
    sa.UniqueConstraint("marketplace_id", "external_id"),
)

listing = tenant_table(
    "listing",
    "listing_id",
    moment("first_known_at"),
    moment("occurred_at"),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("sequence", sa.Integer, nullable=False, server_default="0"),
    sa.Column("external_id", EXTERNAL, nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=True),
    id_column("version_id"),
    sa.Column("content_hash", Digest, nullable=False),
    sa.Column("observed_hash", Digest, nullable=False),
    # Whether rows came in after newer ones; those are in late_version.
    sa.Column("has_late", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.UniqueConstraint("marketplace_id", "external_id"),
    sa.Index("ix_listing_seller", "marketplace_id", "seller_external_id", "first_known_at"),
    # Without the marketplace, which the id implies: these have an entry for every row, and would be half as wide again.
    sa.Index("ix_listing_current", "version_id"),
)

listing_version = tenant_table(
    "listing_version",
    "version_id",
    moment("known_at"),
    moment("occurred_at"),
    sa.Column("price_minor", sa.BigInteger, nullable=True),
    sa.Column("log_price", sa.Float, nullable=True),
    sa.Column("previous_log_price", sa.Float, nullable=True),
    sa.Column("draw", sa.Float, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    id_column("listing_id"),
    sa.Column("content_hash", Digest, nullable=False),
    sa.Column("content", PackedJson(Kind.CONTENT), nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=True),
    sa.Column("currency", sa.String(3), nullable=True),
    sa.Column(
        "earlier_prices", Json, nullable=True
    ),  # Always filled; SQLite adds no NOT NULL column without a default.
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    # When a person named that brand; None where it is the one that the version came in with.
    moment("brand_named_at", nullable=True),
    sa.Column("brand_key", sa.String(200), nullable=False),
    sa.Column("category_key", sa.String(500), nullable=False),
    sa.Column("protected", sa.Boolean, nullable=False, server_default=sa.false()),
    within("listing_id", "listing"),
    sa.UniqueConstraint("listing_id", "number"),
    sa.Index("ix_listing_version_known", "marketplace_id", "known_at"),
    sa.Index("ix_listing_version_seller", "marketplace_id", "seller_external_id", "known_at"),
    is_part=True,
)

# Rows that came in after a newer one: history, never scored and never a version that a case is about.
late_version = tenant_table(
    "late_version",
    "late_version_id",
    id_column("listing_id"),
    sa.Column("content_hash", Digest, nullable=False),
    sa.Column("observed_hash", Digest, nullable=False),
    sa.Column("content", Json, nullable=False),
    sa.Column("observed", Json, nullable=False),
    sa.Column("log_price", sa.Float, nullable=True),
    moment("occurred_at"),
    moment("known_at"),
    within("listing_id", "listing"),
    sa.UniqueConstraint("marketplace_id", "listing_id", "occurred_at", "content_hash", "observed_hash"),
)

# Files of listings that people upload. The content is deleted with the last row, or a day after an upload that nobody
# imported; the fields of its columns are proposed for the next file with the same ones.
listing_file = tenant_table(
    "listing_file",
    "file_id",
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=True),
    sa.Column("columns_digest", sa.String(64), nullable=False),
    sa.Column("fields", Json, nullable=False),
    sa.Column("currency", sa.String(3), nullable=True),
    word("state", FileState),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("accepted", sa.Integer, nullable=False, server_default="0"),
    sa.Column("refused", sa.Integer, nullable=False, server_default="0"),
    sa.Column("problem", sa.String(500), nullable=True),
    sa.Column("uploaded_by", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("uploaded_at"),
    sa.Index("ix_listing_file_columns", "marketplace_id", "columns_digest", "uploaded_at"),
    partial_index("ix_listing_file_open", "state", "uploaded_at", where=sa.text("content IS NOT NULL")),
)

# The keys under which similar texts meet (`features.minhash.BANDS`).
TEXT_BANDS: Final = tuple(f"band_{number}" for number in range(16))


def _new_text_index(name: str) -> sa.Index:
    """The texts under one key, in the order of their receipt; a version with an earlier text is not among them."""
    has_key = sa.text(f"{name} IS NOT NULL")
    return partial_index(f"ix_text_signature_{name}", name, "received", where=has_key)


text_signature = tenant_table(
    "text_signature",
    "version_id",
    # The first version of the listing with this text: a change of price alone is no new text.
    id_column("text_id"),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("received", IdOrder, nullable=False),
    # A part of each key (`serving.listings.store.signatures`); null where the text is an earlier version's.
    *(sa.Column(name, sa.Integer, nullable=True) for name in TEXT_BANDS),
    within("version_id", "listing_version"),
    within("text_id", "text_signature", "version_id"),
    *map(_new_text_index, TEXT_BANDS),
    is_part=True,
)

# Texts with a verdict, so that no flood of copies can hide them.
judged_band = sa.Table(
    "judged_band",
    metadata,
    id_column("marketplace_id"),
    sa.Column("band", sa.BigInteger, nullable=False),
    id_column("text_id"),
    sa.PrimaryKeyConstraint("marketplace_id", "band", "text_id"),
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
    sa.Column("observed", PackedJson(Kind.OBSERVED), nullable=False),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    sa.Index("ix_observation_listing", "listing_id", "known_at"),
    is_part=True,
)

quarantine = tenant_table(
    "quarantine",
    "quarantine_id",
    sa.Column("source", sa.String(200), nullable=False),
    sa.Column("code", sa.String(40), nullable=False),
    sa.Column("field", sa.String(200), nullable=False),
    sa.Column("sentence", sa.String(500), nullable=False),
    sa.Column("row_hash", sa.String(64), nullable=False),
    sa.Column("row_length", sa.BigInteger, nullable=False),
    sa.Column("row_head", sa.Text, nullable=False),
    sa.Column("row_number", sa.Integer, nullable=False),
    moment("known_at"),
    # With the code, so that refused rows are counted without reading the rows themselves.
    sa.Index("ix_quarantine_known", "marketplace_id", "known_at", "code"),
)

# Facts and scores.

facts = sa.Table(
    "facts",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("digest", Digest, nullable=False),
    sa.Column("schema", sa.Integer, nullable=False),
    sa.Column("body", PackedBytes(Kind.FACTS), nullable=False),
    sa.PrimaryKeyConstraint("marketplace_id", "digest"),
)

score = tenant_table(
    "score",
    "score_id",
    moment("scored_at"),
    sa.Column("value", sa.Float, nullable=False),
    sa.Column("probability", sa.Float, nullable=True),
    sa.Column("inclusion_probability", sa.Float, nullable=False),
    id_column("listing_id"),
    id_column("version_id"),
    sa.Column("facts_digest", Digest, nullable=False),
    word("kind", ScoreKind),
    sa.Column("scorer", sa.String(80), nullable=False),
    sa.Column("fingerprint", Digest, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("evidence", Json, nullable=False),
    word("lane", Lane),
    sa.Column("route_reasons", Json, nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    # What read the title for a second score; null in a first answer.
    sa.Column("encoder", sa.String(200), nullable=True),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    sa.ForeignKeyConstraint(["marketplace_id", "facts_digest"], ["facts.marketplace_id", "facts.digest"]),
    sa.Index("ix_score_version", "version_id", "scored_at"),
    sa.Index("ix_score_lane", "marketplace_id", "lane"),
    # With the lane, so that volumes over months are counted from the index alone.
    sa.Index("ix_score_scored", "marketplace_id", "scored_at", "lane"),
    is_part=True,
)

# The words by which listings and sellers are found; each engine has its own index of them
# (`serving.listings.store.search`).
search_entry = sa.Table(
    "search_entry",
    metadata,
    sa.Column("entry_number", sa.Integer, primary_key=True),
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("kind", EntryKind),
    sa.Column("external_id", EXTERNAL, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.Column("seller_words", sa.Text, nullable=False),
    sa.UniqueConstraint("marketplace_id", "kind", "external_id"),
)
