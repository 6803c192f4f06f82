"""The tables of sellers."""

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    text,
)

from features.contacts import ContactKind
from models.seller_lists import SellerList
from models.strikes import VoidCause
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
from serving.platform.database.types import Json
from serving.sellers.rules.sanction import Measure, SanctionCause, SanctionState, SellerAct
from serving.sellers.rules.seller_risk import RiskState
from serving.webhooks.rules.action import ActionState
from serving.webhooks.tables import sender_column, sender_index

# Personal data in no readable form: the token is a keyed hash of the contact, with the key outside the database.
seller_contact = Table(
    "seller_contact",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("token", String(64), nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("kind", ContactKind),
    word("key_id"),
    moment("occurred_at"),
    moment("known_at"),
    PrimaryKeyConstraint("marketplace_id", "token", "seller_external_id"),
    Index("ix_seller_contact_earliest", "marketplace_id", "token", "known_at", "seller_external_id"),
    Index("ix_seller_contact_seller", "marketplace_id", "seller_external_id"),
)

# Where a seller gets statements of reasons, sealed: the marketplace passed it for that alone.
seller_address = Table(
    "seller_address",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=False),
    Column("address", String(1000), nullable=False),
    word("language"),
    moment("known_at"),
    PrimaryKeyConstraint("marketplace_id", "seller_external_id"),
)

# Removals that count as strikes. An undone removal keeps its row, with the time and the reason.
strike_hit = tenant_table(
    "strike_hit",
    "action_id",
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("reason_code"),
    Column("weight", Float, nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("known_at"),
    moment("void_at", nullable=True),
    word("void_as", VoidCause, nullable=True),
    within("action_id", "action"),
    Index("ix_strike_hit_seller", "marketplace_id", "seller_external_id", "known_at"),
)

_UNDECIDED = text("state IN ('proposed', 'agreed_by_one')")

# Proposed sanctions of sellers, and the decisions on them; `linked` are the linked accounts at that time.
sanction = tenant_table(
    "sanction",
    "sanction_id",
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("measure", Measure),
    word("cause", SanctionCause),
    word("state", SanctionState),
    id_column("parent_id", nullable=True),
    Column("path", String(1000), nullable=True),
    Column("total", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("linked", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("proposed_at"),
    moment("due_at", nullable=True),
    moment("decided_at", nullable=True),
    Column("ended_because", String(500), nullable=True),
    within("parent_id", "sanction", "sanction_id"),
    partial_index("ux_sanction_one_undecided", "marketplace_id", "seller_external_id", unique=True, where=_UNDECIDED),
    Index("ix_sanction_state", "marketplace_id", "state", "proposed_at"),
    Index("ix_sanction_due", "due_at"),
    Index("ix_sanction_seller", "marketplace_id", "seller_external_id"),
)

sanction_vote = tenant_table(
    "sanction_vote",
    "vote_id",
    id_column("sanction_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("organisation"),
    Column("agrees", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    moment("known_at"),
    within("sanction_id", "sanction"),
    Index("ix_sanction_vote_sanction", "marketplace_id", "sanction_id", "known_at"),
)

# Requested actions on a seller; delivered like an action on a listing, with their own sequence.
seller_action = tenant_table(
    "seller_action",
    "action_id",
    Column("seller_external_id", EXTERNAL, nullable=False),
    id_column("sanction_id"),
    word("kind", SellerAct),
    word("state", [state for state in ActionState if state is not ActionState.PENDING_APPROVAL]),
    Column("sequence", Integer, nullable=False),
    Column("statement", Json, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    Column("last_error", String(500), nullable=True),
    sender_column(),
    within("sanction_id", "sanction"),
    UniqueConstraint("marketplace_id", "seller_external_id", "sequence"),
    partial_index("ix_seller_action_due", "marketplace_id", "due_at", where=text("due_at IS NOT NULL")),
    sender_index("seller_action"),
)

_NOT_REMOVED = text("removed_at IS NULL")

# Allow, watch and deny lists: a seller is on at most one list of a marketplace.
listed_seller = tenant_table(
    "listed_seller",
    "entry_id",
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("list_name", SellerList),
    Column("reason", String(500), nullable=False),
    Column("added_by", String(200), nullable=False),
    moment("added_at"),
    moment("expires_at"),
    moment("removed_at", nullable=True),
    Column("removed_by", String(200), nullable=True),
    partial_index(
        "ux_listed_seller_one_entry", "marketplace_id", "seller_external_id", unique=True, where=_NOT_REMOVED
    ),
)

seller_ranking = Table(
    "seller_ranking",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), primary_key=True),
    moment("as_of"),
    Column("window_days", Integer, nullable=False),
    Column("sellers", Integer, nullable=False),
    Column("base_rate", Float, nullable=True),
    Column("policy_version", String(80), nullable=False),
)

seller_risk = Table(
    "seller_risk",
    metadata,
    Column("marketplace_id", ID, ForeignKey("seller_ranking.marketplace_id"), nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=False),
    word("state", RiskState),
    Column("listings", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("left_out_confirmed", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("cleared", Integer, nullable=False),
    Column("share", Float, nullable=True),
    Column("percentile", Float, nullable=True),
    PrimaryKeyConstraint("marketplace_id", "seller_external_id"),
    Index("ix_seller_risk_percentile", "marketplace_id", "percentile"),
)
