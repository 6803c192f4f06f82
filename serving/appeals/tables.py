"""The tables of appeals."""

import sqlalchemy as sa

from models.labels import AppealState
from serving.appeals.rules.counter_notice import CounterNoticeState, Party
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
from serving.takedowns.rules.statement import OverturnCause

appeal = tenant_table(
    "appeal",
    "appeal_id",
    id_column("listing_id"),
    id_column("action_id"),
    id_column("case_id"),
    sa.Column("external_id", EXTERNAL, nullable=False),
    sa.Column("statement", sa.String(5000), nullable=False),
    word("state", (AppealState.OPEN, AppealState.UPHELD, AppealState.DISMISSED)),
    moment("occurred_at"),
    moment("known_at"),
    moment("decided_at", nullable=True),
    within("listing_id", "listing"),
    within("action_id", "action"),
    within("case_id", "review_case"),
    sa.UniqueConstraint("marketplace_id", "external_id"),
    sa.UniqueConstraint("marketplace_id", "action_id"),
    sa.Index("ix_appeal_case", "marketplace_id", "case_id"),
    sa.Index("ix_appeal_listing", "marketplace_id", "listing_id"),
    sa.Index("ix_appeal_decided", "marketplace_id", "state", "decided_at"),
)

# The seller's access without an account: one row a link, without the link's signature.
seller_link = sa.Table(
    "seller_link",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    id_column("action_id"),
    sa.Column("number", sa.Integer, nullable=False),
    moment("made_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    sa.PrimaryKeyConstraint("marketplace_id", "action_id", "number"),
    within("action_id", "action"),
)

# The bytes of a seller's document, once per marketplace; uploads name them by their digest, which stays when the
# content is erased.
seller_document = sa.Table(
    "seller_document",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=True),
    sa.PrimaryKeyConstraint("marketplace_id", "digest"),
)

seller_upload = tenant_table(
    "seller_upload",
    "upload_id",
    id_column("action_id"),
    id_column("listing_id"),
    sa.Column("seller_external_id", EXTERNAL, nullable=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    moment("known_at"),
    moment("erased_at", nullable=True),
    within("action_id", "action"),
    within("listing_id", "listing"),
    sa.ForeignKeyConstraint(["marketplace_id", "digest"], ["seller_document.marketplace_id", "seller_document.digest"]),
    sa.UniqueConstraint("marketplace_id", "action_id", "digest"),
    sa.Index("ix_seller_upload_seller", "marketplace_id", "seller_external_id", "known_at"),
    sa.Index("ix_seller_upload_digest", "marketplace_id", "digest"),
    sa.Index("ix_seller_upload_listing", "marketplace_id", "listing_id"),
)

counter_notice = tenant_table(
    "counter_notice",
    "counter_notice_id",
    id_column("action_id"),
    id_column("listing_id"),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    word("profile"),
    sa.Column("policy_version", sa.String(80), nullable=False),
    sa.Column("country", sa.String(2), nullable=True),
    word("state", CounterNoticeState),
    sa.Column("round", sa.Integer, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    moment("informed_at"),
    moment("due_at", nullable=True),
    moment("first_answered_at", nullable=True),
    moment("closed_at", nullable=True),
    within("action_id", "action"),
    within("listing_id", "listing"),
    sa.UniqueConstraint("marketplace_id", "action_id"),
    sa.Index("ix_counter_notice_due", "due_at"),
    sa.Index("ix_counter_notice_brand", "marketplace_id", "brand_id", "state"),
    # The removals that ended for a brand in a period, and those that have not.
    sa.Index("ix_counter_notice_closed", "marketplace_id", "brand_id", "closed_at"),
)

counter_notice_step = tenant_table(
    "counter_notice_step",
    "step_id",
    id_column("counter_notice_id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("round", sa.Integer, nullable=False),
    word("party", Party),
    word("event"),
    word("state_after"),
    sa.Column("statement", sa.String(5000), nullable=True),
    sa.Column("actor", sa.String(200), nullable=False),
    moment("known_at"),
    within("counter_notice_id", "counter_notice"),
    sa.UniqueConstraint("marketplace_id", "counter_notice_id", "number"),
)

_IN_FORCE = sa.text("undone_at IS NULL")

overturn = tenant_table(
    "overturn",
    "overturn_id",
    id_column("action_id"),
    id_column("verdict_id", nullable=True),
    id_column("reinstatement_id", nullable=True),
    word("cause", OverturnCause),
    sa.Column("amendment", Json, nullable=False),
    sa.Column("amendment_messages", Json, nullable=True),
    moment("overturned_at"),
    moment("undone_at", nullable=True),
    within("action_id", "action"),
    within("verdict_id", "verdict"),
    within("reinstatement_id", "action", "action_id"),
    partial_index("ux_overturn_one_in_force", "marketplace_id", "action_id", unique=True, where=_IN_FORCE),
    sa.Index("ix_overturn_action", "marketplace_id", "action_id"),
    sa.Index("ix_overturn_at", "marketplace_id", "overturned_at"),
    sa.Index("ix_overturn_verdict", "marketplace_id", "verdict_id"),
)
