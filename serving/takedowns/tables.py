"""The tables of takedowns."""

import sqlalchemy as sa

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
from serving.platform.database.types import CompressedBytes, Json
from serving.takedowns.rules.approval import Decision
from serving.takedowns.rules.evidence import Part
from serving.takedowns.rules.removal_check import CheckState
from serving.takedowns.rules.telling import Reason
from serving.webhooks.rules.action import ActionKind, ActionState
from serving.webhooks.tables import sender_column, sender_index

# Takedowns.

_UNSETTLED = sa.text("state IN ('pending_approval', 'scheduled', 'sending', 'dead')")

# `statement` is the text as sent, in English. Pages show sellers its messages in their language.
action = tenant_table(
    "action",
    "action_id",
    id_column("listing_id"),
    id_column("verdict_id"),
    word("kind", ActionKind),
    word("state", ActionState),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("statement", Json, nullable=False),
    sa.Column("statement_messages", Json, nullable=True),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    sa.Column("random_delay_seconds", sa.Integer, nullable=False, server_default="0"),
    # Of a report that was confirmed with a second factor: its undo window is longer, and it counts toward no burst.
    sa.Column("stepped_up", sa.Boolean, nullable=False, server_default=sa.false()),
    # From a browser or network in which its person was not known.
    sa.Column("new_device", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    sa.Column("last_error", sa.String(500), nullable=True),
    sender_column(),
    within("listing_id", "listing"),
    within("verdict_id", "verdict"),
    sa.UniqueConstraint("marketplace_id", "listing_id", "sequence"),
    partial_index("ux_action_one_open", "marketplace_id", "listing_id", "kind", unique=True, where=_UNSETTLED),
    partial_index("ix_action_due", "marketplace_id", "due_at", where=sa.text("due_at IS NOT NULL")),
    sender_index("action"),
    sa.Index("ix_action_acknowledged", "kind", "acknowledged_at"),
    # All that the count of a marketplace's day needs.
    sa.Index("ix_action_created", "marketplace_id", "created_at", "kind", "state", "stepped_up", "action_id"),
    sa.Index("ix_action_state", "marketplace_id", "state", "kind"),
    sa.Index("ix_action_verdict", "marketplace_id", "verdict_id"),
)

# Checks of acknowledged removals. Without a status address there is no row.
removal_check = tenant_table(
    "removal_check",
    "action_id",
    word("state", CheckState),
    sa.Column("check_count", sa.Integer, nullable=False, server_default="0"),
    moment("acknowledged_at"),
    moment("due_at", nullable=True),
    moment("looked_at", nullable=True),
    moment("gone_at", nullable=True),
    sa.Column("seconds_to_removal", sa.Float, nullable=True),
    sa.Column("last_error", sa.String(500), nullable=True),
    within("action_id", "action"),
    sa.Index("ix_removal_check_due", "marketplace_id", "due_at"),
    sa.Index("ix_removal_check_state", "marketplace_id", "state"),
)

# The removals pending approval that one person confirmed for one brand: of one report, or without a report of one day.
# Its brand and report are empty where there is none.
approval_batch = tenant_table(
    "approval_batch",
    "batch_id",
    sa.Column("brand_id", ID, nullable=False),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("report_id", ID, nullable=False),
    sa.Column("day", sa.String(10), nullable=False),
    # The mark that an analyst named, where the brand is not registered.
    sa.Column("mark", sa.String(200), nullable=True),
    sa.Column("causes", Json, nullable=False),
    sa.Column("removals", sa.Integer, nullable=False),
    sa.Column("pending", sa.Integer, nullable=False),
    moment("opened_at"),
    moment("settled_at", nullable=True),
    sa.UniqueConstraint("marketplace_id", "user_id", "brand_id", "report_id", "day"),
    sa.Index("ix_approval_batch_open", "marketplace_id", "settled_at", "opened_at"),
)

removal_approval = tenant_table(
    "removal_approval",
    "action_id",
    id_column("batch_id"),
    sa.Column("causes", Json, nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("pending_since"),
    moment("settled_at", nullable=True),
    word("settled_as", ("approve", "withdraw", "undo"), nullable=True),
    within("action_id", "action"),
    within("batch_id", "approval_batch"),
    sa.Index("ix_removal_approval_waiting", "marketplace_id", "settled_at", "pending_since"),
    sa.Index("ix_removal_approval_batch", "marketplace_id", "batch_id", "settled_at"),
)

approval_vote = tenant_table(
    "approval_vote",
    "vote_id",
    id_column("action_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("organisation"),
    word("decision", Decision),
    sa.Column("reason", sa.String(500), nullable=False),
    moment("known_at"),
    within("action_id", "removal_approval"),
    sa.Index("ix_approval_vote_action", "marketplace_id", "action_id", "known_at"),
)

# Of a person's removals of a day: who was told, and whether one of them stopped them. `brand_id` is empty for those of
# an analyst. `lifted_at` is when a person approved one of theirs after the stop.
removal_notice = tenant_table(
    "removal_notice",
    "notice_id",
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("brand_id", ID, nullable=False),
    word("reason", Reason),
    sa.Column("day", sa.String(10), nullable=False),
    sa.Column("recipients", Json, nullable=False),
    moment("known_at"),
    sa.Column("stopped_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("stopped_at", nullable=True),
    moment("lifted_at", nullable=True),
    sa.UniqueConstraint("marketplace_id", "user_id", "brand_id", "day", "reason"),
    sa.Index("ix_removal_notice_known", "known_at"),
)

_RAISED = sa.text("settled_at IS NULL")

alert = tenant_table(
    "alert",
    "alert_id",
    word("cause"),
    # The id of the person, brand or seller that the alert is about; empty where it is about the marketplace.
    sa.Column("subject", EXTERNAL, nullable=False),
    sa.Column("sentence", sa.String(500), nullable=False),
    moment("raised_at"),
    moment("settled_at", nullable=True),
    partial_index("ux_alert_one_raised", "marketplace_id", "cause", "subject", unique=True, where=_RAISED),
    sa.Index("ix_alert_raised", "marketplace_id", "raised_at"),
)

# The database refuses changes. Erasing a part removes its salt and body together; its digest stays.
evidence = tenant_table(
    "evidence",
    "evidence_id",
    id_column("listing_id"),
    id_column("version_id"),
    id_column("case_id"),
    sa.Column("subject", sa.String(80), nullable=False),
    sa.Column("header", Json, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    moment("captured_at"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("case_id", "review_case"),
    sa.Index("ix_evidence_listing", "marketplace_id", "listing_id"),
    sa.Index("ix_evidence_case", "marketplace_id", "case_id"),
)

evidence_part = sa.Table(
    "evidence_part",
    metadata,
    id_column("marketplace_id"),
    id_column("evidence_id"),
    word("part", Part),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("salt", sa.String(64), nullable=True),
    sa.Column("body", CompressedBytes, nullable=True),
    sa.PrimaryKeyConstraint("marketplace_id", "evidence_id", "part"),
    within("evidence_id", "evidence"),
)
