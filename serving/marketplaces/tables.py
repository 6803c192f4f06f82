"""The tables of marketplaces."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, metadata, moment, word
from serving.platform.database.types import Json

marketplace = sa.Table(
    "marketplace",
    metadata,
    sa.Column("marketplace_id", ID, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("base_currency", sa.String(3), nullable=False),
    # Where it sells, as ISO 3166 codes or EU; null until it has stated that.
    sa.Column("sold_in", Json, nullable=True),
    # The most audits of brands that its analysts give in a day; null for the policy's number.
    sa.Column("audits_a_day", sa.Integer, nullable=True),
    # Since when it wants no seller's link in the webhook of a removal; null where each carries one.
    moment("no_seller_links_since", nullable=True),
    moment("seller_events_since", nullable=True),
    moment("created_at"),
)

# Of a marketplace's systems. `user_id` is the person who made it, null where the owner of the data directory did.
api_key = sa.Table(
    "api_key",
    metadata,
    sa.Column("key_id", ID, primary_key=True),
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("secret_hash", sa.String(64), nullable=False),
    sa.Column("scopes", Json, nullable=False),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("created_at"),
    # By the real time, as sessions are.
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("revoked_at", nullable=True),
)

kill_switch = sa.Table(
    "kill_switch",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("rule"),
    moment("off_since"),
    sa.Column("switched_by", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.PrimaryKeyConstraint("marketplace_id", "rule"),
)

# Euros for one unit of a currency on a day.
exchange_rate = sa.Table(
    "exchange_rate",
    metadata,
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("euros", sa.Float, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    sa.PrimaryKeyConstraint("day", "currency"),
)
