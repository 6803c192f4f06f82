"""The tables of review."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from serving.platform.database.schema import ID, id_column, metadata, moment, partial_index, tenant_table, within, word
from serving.platform.database.types import Json
from serving.review.rules.bulk import Made
from serving.review.rules.takedown import Fate
from serving.review.rules.test_buy import TestBuyState

_RUNNING = text("closed_at IS NULL")

test_buy = tenant_table(
    "test_buy",
    "test_buy_id",
    id_column("case_id"),
    id_column("version_id"),
    word("state", TestBuyState),
    Column("holder", String(200), nullable=True),
    Column("entries", Integer, nullable=False),
    Column("order_reference", String(200), nullable=False),
    Column("cost_minor", BigInteger, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("ordered_by", ID, ForeignKey("account.user_id"), nullable=False),
    moment("ordered_at"),
    moment("due_at"),
    moment("closed_at", nullable=True),
    id_column("verdict_id", nullable=True),
    within("case_id", "review_case"),
    within("version_id", "listing_version"),
    within("verdict_id", "verdict"),
    partial_index("ux_test_buy_one_running", "marketplace_id", "case_id", unique=True, where=_RUNNING),
)

# The custody log of the goods: lines are appended and never changed. The audit log's chain covers the text of each.
custody_entry = tenant_table(
    "custody_entry",
    "entry_id",
    id_column("test_buy_id"),
    Column("number", Integer, nullable=False),
    word("event"),
    Column("holder", String(200), nullable=True),
    Column("description", String(2000), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    moment("occurred_at"),
    moment("known_at"),
    within("test_buy_id", "test_buy"),
    UniqueConstraint("marketplace_id", "test_buy_id", "number"),
)

bulk_verdict = tenant_table(
    "bulk_verdict",
    "bulk_id",
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("judgement"),
    moment("known_at"),
    UniqueConstraint("bulk_id"),
)

# As in takedown_item, the submitted value is stored unchanged.
bulk_item = Table(
    "bulk_item",
    metadata,
    id_column("marketplace_id"),
    id_column("bulk_id"),
    Column("number", Integer, nullable=False),
    id_column("case_id"),
    id_column("version_id"),
    id_column("verdict_id", nullable=True),
    word("made", Made),
    Column("reason", String(500), nullable=False),
    within("bulk_id", "bulk_verdict"),
    within("verdict_id", "verdict"),
    PrimaryKeyConstraint("marketplace_id", "bulk_id", "number"),
)

takedown_request = tenant_table(
    "takedown_request",
    "request_id",
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    id_column("right_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("reason_code"),
    Column("policy_version", String(80), nullable=False),
    moment("known_at"),
    within("right_id", "brand_right"),
    Index("ix_takedown_request_known_at", "marketplace_id", "brand_id", "known_at"),
)

# A refused case need not exist, so the submitted value is stored unchanged and is not a foreign key. The reason for the
# refusal is also stored as a phrase, for readers of other languages.
takedown_item = Table(
    "takedown_item",
    metadata,
    id_column("marketplace_id"),
    id_column("request_id"),
    Column("number", Integer, nullable=False),
    id_column("case_id"),
    id_column("version_id"),
    id_column("verdict_id", nullable=True),
    word("fate", Fate),
    Column("reasons", Json, nullable=False),
    Column("refusal", Json, nullable=True),
    within("request_id", "takedown_request"),
    within("verdict_id", "verdict"),
    PrimaryKeyConstraint("marketplace_id", "request_id", "number"),
)
