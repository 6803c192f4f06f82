"""The tables of sellers."""

import sqlalchemy as sa

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
seller_contact = sa.Table(
    "seller_contact",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("token", sa.String(64), nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("kind", ContactKind),
    word("key_id"),
    moment("occurred_at"),
    moment("known_at"),
    sa.PrimaryKeyConstraint("marketplace_id", "token", "seller_external_id"),
    sa.Index("ix_seller_contact_earliest", "marketplace_id", "token", "known_at", "seller_external_id"),
    sa.Index("ix_seller_contact_seller", "marketplace_id", "seller_external_id"),
)

# Where a seller gets statements of reasons, sealed: the marketplace passed it for that alone.
seller_address = sa.Table(
    "seller_address",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    sa.Column("address", sa.String(1000), nullable=False),
    word("language"),
    moment("known_at"),
    sa.PrimaryKeyConstraint("marketplace_id", "seller_external_id"),
)

# Removals that count as strikes. An undone removal keeps its row, with the time and the reason.
strike_hit = tenant_table(
    "strike_hit",
    "action_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("reason_code"),
    sa.Column("weight", sa.Float, nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("known_at"),
    moment("void_at", nullable=True),
    word("void_as", VoidCause, nullable=True),
    within("action_id", "action"),
    sa.Index("ix_strike_hit_seller", "marketplace_id", "seller_external_id", "known_at"),
)

_UNDECIDED = sa.text("state IN ('proposed', 'agreed_by_one')")

# Proposed sanctions of sellers, and the decisions on them; `linked` are the linked accounts at that time.
sanction = tenant_table(
    "sanction",
    "sanction_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("measure", Measure),
    word("cause", SanctionCause),
    word("state", SanctionState),
    id_column("parent_id", nullable=True),
    sa.Column("path", sa.String(1000), nullable=True),
    sa.Column("total", sa.Float, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("linked", Json, nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("proposed_at"),
    moment("due_at", nullable=True),
    moment("decided_at", nullable=True),
    sa.Column("ended_because", sa.String(500), nullable=True),
    within("parent_id", "sanction", "sanction_id"),
    partial_index("ux_sanction_one_undecided", "marketplace_id", "seller_external_id", unique=True, where=_UNDECIDED),
    sa.Index("ix_sanction_state", "marketplace_id", "state", "proposed_at"),
    sa.Index("ix_sanction_due", "due_at"),
    sa.Index("ix_sanction_seller", "marketplace_id", "seller_external_id"),
)

sanction_vote = tenant_table(
    "sanction_vote",
    "vote_id",
    id_column("sanction_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("organisation"),
    sa.Column("agrees", sa.Boolean, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    moment("known_at"),
    within("sanction_id", "sanction"),
    sa.Index("ix_sanction_vote_sanction", "marketplace_id", "sanction_id", "known_at"),
)

# Requested actions on a seller; delivered like an action on a listing, with their own sequence.
seller_action = tenant_table(
    "seller_action",
    "action_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    id_column("sanction_id"),
    word("kind", SellerAct),
    word("state", [state for state in ActionState if state is not ActionState.PENDING_APPROVAL]),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("statement", Json, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    sa.Column("last_error", sa.String(500), nullable=True),
    sender_column(),
    within("sanction_id", "sanction"),
    sa.UniqueConstraint("marketplace_id", "seller_external_id", "sequence"),
    partial_index("ix_seller_action_due", "marketplace_id", "due_at", where=sa.text("due_at IS NOT NULL")),
    sender_index("seller_action"),
)

_NOT_REMOVED = sa.text("removed_at IS NULL")

# Allow, watch and deny lists: a seller is on at most one list of a marketplace.
listed_seller = tenant_table(
    "listed_seller",
    "entry_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("list_name", SellerList),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("added_by", sa.String(200), nullable=False),
    moment("added_at"),
    moment("expires_at"),
    moment("removed_at", nullable=True),
    sa.Column("removed_by", sa.String(200), nullable=True),
    partial_index(
        "ux_listed_seller_one_entry", "marketplace_id", "seller_external_id", unique=True, where=_NOT_REMOVED
    ),
)

seller_ranking = sa.Table(
    "seller_ranking",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), primary_key=True),
    moment("as_of"),
    sa.Column("window_days", sa.Integer, nullable=False),
    sa.Column("sellers", sa.Integer, nullable=False),
    sa.Column("base_rate", sa.Float, nullable=True),
    sa.Column("policy_version", sa.String(80), nullable=False),
)

seller_risk = sa.Table(
    "seller_risk",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("seller_ranking.marketplace_id"), nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    word("state", RiskState),
    sa.Column("listings", sa.Integer, nullable=False),
    sa.Column("left_out", sa.Integer, nullable=False),
    sa.Column("left_out_confirmed", sa.Integer, nullable=False),
    sa.Column("expected", sa.Float, nullable=False),
    sa.Column("confirmed", sa.Integer, nullable=False),
    sa.Column("cleared", sa.Integer, nullable=False),
    sa.Column("share", sa.Float, nullable=True),
    sa.Column("percentile", sa.Float, nullable=True),
    sa.PrimaryKeyConstraint("marketplace_id", "seller_external_id"),
    sa.Index("ix_seller_risk_percentile", "marketplace_id", "percentile"),
)
