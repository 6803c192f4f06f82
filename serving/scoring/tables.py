"""The tables of scoring."""

import sqlalchemy as sa

from serving.platform.database.schema import EXTERNAL, ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json

seller_event = tenant_table(
    "seller_event",
    "event_id",
    sa.Column("source_event_id", EXTERNAL, nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("kind", ("sale", "return", "fake_return", "rating")),
    sa.Column("listing_external_id", EXTERNAL, nullable=True),
    sa.Column("amount_minor", sa.BigInteger, nullable=True),
    sa.Column("currency", sa.String(3), nullable=True),
    moment("occurred_at"),
    moment("known_at"),
    sa.UniqueConstraint("marketplace_id", "source_event_id"),
    sa.Index("ix_seller_event_window", "marketplace_id", "seller_external_id", "occurred_at"),
)

# Reference values for comparisons.

price_reference = sa.Table(
    "price_reference",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("brand_key", sa.String(200), nullable=False),
    sa.Column("category_key", sa.String(500), nullable=False),
    sa.Column("log_median", sa.Float, nullable=False),
    sa.Column("mad", sa.Float, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    # The price distribution, for display; older rows have none until they are computed again.
    sa.Column("samples", Json, nullable=True),
    moment("as_of"),
    sa.PrimaryKeyConstraint("marketplace_id", "brand_key", "category_key"),
)

common_price = sa.Table(
    "common_price",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("price_minor", sa.BigInteger, nullable=False),
    sa.Column("listings", sa.Integer, nullable=False),
    sa.PrimaryKeyConstraint("marketplace_id", "currency", "price_minor"),
)

base_rate_prior = sa.Table(
    "base_rate_prior",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("name"),
    sa.Column("mean", sa.Float, nullable=False),
    sa.Column("strength", sa.Float, nullable=False),
    sa.Column("groups_behind", sa.Integer, nullable=False),
    moment("as_of"),
    sa.PrimaryKeyConstraint("marketplace_id", "name"),
)

trial = tenant_table(
    "trial",
    "trial_id",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("share", sa.Float, nullable=False),
    sa.Column("started_by", sa.String(200), nullable=False),
    moment("started_at"),
    moment("ended_at", nullable=True),
    sa.ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
)

trial_score = sa.Table(
    "trial_score",
    metadata,
    sa.Column("marketplace_id", ID, nullable=False),
    id_column("trial_id"),
    id_column("version_id"),
    sa.Column("champion_probability", sa.Float, nullable=True),
    word("champion_lane"),
    sa.Column("challenger_probability", sa.Float, nullable=True),
    word("challenger_lane"),
    sa.Column("challenger_decided", sa.Boolean, nullable=False),
    moment("scored_at"),
    sa.PrimaryKeyConstraint("marketplace_id", "trial_id", "version_id"),
    within("trial_id", "trial"),
    within("version_id", "listing_version"),
)

circuit_breaker = sa.Table(
    "circuit_breaker",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), primary_key=True),
    moment("checked_at"),
    moment("counted_from", nullable=True),
    moment("opened_at", nullable=True),
    sa.Column("reason", sa.String(500), nullable=True),
)

# A mark for each change of a table that reference contexts are read from, by that table's triggers. PostgreSQL adds a
# row, so that two changes wait for nothing of each other; SQLite, which has one writer, moves the number of its row.
reference_change = sa.Table(
    "reference_change",
    metadata,
    sa.Column("change_id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
    sa.Column("moved", sa.BigInteger, nullable=False, server_default="0"),
)
