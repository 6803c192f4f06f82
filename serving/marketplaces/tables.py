"""The tables of marketplaces."""

from sqlalchemy import Column, Float, ForeignKey, Integer, PrimaryKeyConstraint, String, Table

from serving.platform.database.schema import ID, metadata, moment, word
from serving.platform.database.types import Json

marketplace = Table(
    "marketplace",
    metadata,
    Column("marketplace_id", ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("base_currency", String(3), nullable=False),
    # Where it sells, as ISO 3166 codes or EU; null until it has stated that.
    Column("sold_in", Json, nullable=True),
    # The most audits of brands that its analysts give in a day; null for the policy's number.
    Column("audits_a_day", Integer, nullable=True),
    # Since when it wants no seller's link in the webhook of a removal; null where each carries one.
    moment("no_seller_links_since", nullable=True),
    moment("seller_events_since", nullable=True),
    moment("created_at"),
)

# Of a marketplace's systems. `user_id` is the person who made it, null where the owner of the data directory did.
api_key = Table(
    "api_key",
    metadata,
    Column("key_id", ID, primary_key=True),
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=True),
    moment("created_at"),
    # By the real time, as sessions are.
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("revoked_at", nullable=True),
)

kill_switch = Table(
    "kill_switch",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    word("rule"),
    moment("off_since"),
    Column("switched_by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    PrimaryKeyConstraint("marketplace_id", "rule"),
)

# Euros for one unit of a currency on a day.
exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("day", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("euros", Float, nullable=False),
    Column("source", String(200), nullable=False),
    PrimaryKeyConstraint("day", "currency"),
)
