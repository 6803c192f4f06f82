"""The tables of scoring."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from serving.platform.database.schema import EXTERNAL, ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json

seller_event = tenant_table(
    "seller_event",
    "event_id",
    Column("source_event_id", EXTERNAL, nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("kind", ("sale", "return", "fake_return", "rating")),
    Column("listing_external_id", EXTERNAL, nullable=True),
    Column("amount_minor", BigInteger, nullable=True),
    Column("currency", String(3), nullable=True),
    moment("occurred_at"),
    moment("known_at"),
    UniqueConstraint("marketplace_id", "source_event_id"),
    Index("ix_seller_event_window", "marketplace_id", "seller_external_id", "occurred_at"),
)

# Reference values for comparisons.

price_reference = Table(
    "price_reference",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_key", String(200), nullable=False),
    Column("category_key", String(500), nullable=False),
    Column("log_median", Float, nullable=False),
    Column("mad", Float, nullable=False),
    Column("n", Integer, nullable=False),
    # The price distribution, for display; older rows have none until they are computed again.
    Column("samples", Json, nullable=True),
    moment("as_of"),
    PrimaryKeyConstraint("marketplace_id", "brand_key", "category_key"),
)

common_price = Table(
    "common_price",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("listings", Integer, nullable=False),
    PrimaryKeyConstraint("marketplace_id", "currency", "price_minor"),
)

base_rate_prior = Table(
    "base_rate_prior",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("name"),
    Column("mean", Float, nullable=False),
    Column("strength", Float, nullable=False),
    Column("groups_behind", Integer, nullable=False),
    moment("as_of"),
    PrimaryKeyConstraint("marketplace_id", "name"),
)

trial = tenant_table(
    "trial",
    "trial_id",
    Column("digest", String(64), nullable=False),
    Column("share", Float, nullable=False),
    Column("started_by", String(200), nullable=False),
    moment("started_at"),
    moment("ended_at", nullable=True),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
)

trial_score = Table(
    "trial_score",
    metadata,
    Column("marketplace_id", ID, nullable=False),
    id_column("trial_id"),
    id_column("version_id"),
    Column("champion_probability", Float, nullable=True),
    word("champion_lane"),
    Column("challenger_probability", Float, nullable=True),
    word("challenger_lane"),
    Column("challenger_decided", Boolean, nullable=False),
    moment("scored_at"),
    PrimaryKeyConstraint("marketplace_id", "trial_id", "version_id"),
    within("trial_id", "trial"),
    within("version_id", "listing_version"),
)

circuit_breaker = Table(
    "circuit_breaker",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), primary_key=True),
    moment("checked_at"),
    moment("counted_from", nullable=True),
    moment("opened_at", nullable=True),
    Column("reason", String(500), nullable=True),
)

# A mark for each change of a table that reference contexts are read from, by that table's triggers. PostgreSQL adds a
# row, so that two changes wait for nothing of each other; SQLite, which has one writer, moves the number of its row.
reference_change = Table(
    "reference_change",
    metadata,
    Column("change_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("moved", BigInteger, nullable=False, server_default="0"),
)
