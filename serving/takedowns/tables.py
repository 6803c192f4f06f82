"""The tables of takedowns."""

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
    false,
    text,
)

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

_UNSETTLED = text("state IN ('pending_approval', 'scheduled', 'sending', 'dead')")

# `statement` is the text as sent, in English. Pages show sellers its messages in their language.
action = tenant_table(
    "action",
    "action_id",
    id_column("listing_id"),
    id_column("verdict_id"),
    word("kind", ActionKind),
    word("state", ActionState),
    Column("sequence", Integer, nullable=False),
    Column("statement", Json, nullable=False),
    Column("statement_messages", Json, nullable=True),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("random_delay_seconds", Integer, nullable=False, server_default="0"),
    # Of a report that was confirmed with a second factor: its undo window is longer, and it counts toward no burst.
    Column("stepped_up", Boolean, nullable=False, server_default=false()),
    # From a browser or network in which its person was not known.
    Column("new_device", Boolean, nullable=False, server_default=false()),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    Column("last_error", String(500), nullable=True),
    sender_column(),
    within("listing_id", "listing"),
    within("verdict_id", "verdict"),
    UniqueConstraint("marketplace_id", "listing_id", "sequence"),
    partial_index("ux_action_one_open", "marketplace_id", "listing_id", "kind", unique=True, where=_UNSETTLED),
    partial_index("ix_action_due", "marketplace_id", "due_at", where=text("due_at IS NOT NULL")),
    sender_index("action"),
    Index("ix_action_acknowledged", "kind", "acknowledged_at"),
    # All that the count of a marketplace's day needs.
    Index("ix_action_created", "marketplace_id", "created_at", "kind", "state", "stepped_up", "action_id"),
    Index("ix_action_state", "marketplace_id", "state", "kind"),
    Index("ix_action_verdict", "marketplace_id", "verdict_id"),
)

# Checks of acknowledged removals. Without a status address there is no row.
removal_check = tenant_table(
    "removal_check",
    "action_id",
    word("state", CheckState),
    Column("check_count", Integer, nullable=False, server_default="0"),
    moment("acknowledged_at"),
    moment("due_at", nullable=True),
    moment("looked_at", nullable=True),
    moment("gone_at", nullable=True),
    Column("seconds_to_removal", Float, nullable=True),
    Column("last_error", String(500), nullable=True),
    within("action_id", "action"),
    Index("ix_removal_check_due", "marketplace_id", "due_at"),
    Index("ix_removal_check_state", "marketplace_id", "state"),
)

# The removals pending approval that one person confirmed for one brand: of one report, or without a report of one day.
# Its brand and report are empty where there is none.
approval_batch = tenant_table(
    "approval_batch",
    "batch_id",
    Column("brand_id", ID, nullable=False),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("report_id", ID, nullable=False),
    Column("day", String(10), nullable=False),
    # The mark that an analyst named, where the brand is not registered.
    Column("mark", String(200), nullable=True),
    Column("causes", Json, nullable=False),
    Column("removals", Integer, nullable=False),
    Column("pending", Integer, nullable=False),
    moment("opened_at"),
    moment("settled_at", nullable=True),
    UniqueConstraint("marketplace_id", "user_id", "brand_id", "report_id", "day"),
    Index("ix_approval_batch_open", "marketplace_id", "settled_at", "opened_at"),
)

removal_approval = tenant_table(
    "removal_approval",
    "action_id",
    id_column("batch_id"),
    Column("causes", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("pending_since"),
    moment("settled_at", nullable=True),
    word("settled_as", ("approve", "withdraw", "undo"), nullable=True),
    within("action_id", "action"),
    within("batch_id", "approval_batch"),
    Index("ix_removal_approval_waiting", "marketplace_id", "settled_at", "pending_since"),
    Index("ix_removal_approval_batch", "marketplace_id", "batch_id", "settled_at"),
)

approval_vote = tenant_table(
    "approval_vote",
    "vote_id",
    id_column("action_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("organisation"),
    word("decision", Decision),
    Column("reason", String(500), nullable=False),
    moment("known_at"),
    within("action_id", "removal_approval"),
    Index("ix_approval_vote_action", "marketplace_id", "action_id", "known_at"),
)

# Of a person's removals of a day: who was told, and whether one of them stopped them. `brand_id` is empty for those of
# an analyst. `lifted_at` is when a person approved one of theirs after the stop.
removal_notice = tenant_table(
    "removal_notice",
    "notice_id",
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("brand_id", ID, nullable=False),
    word("reason", Reason),
    Column("day", String(10), nullable=False),
    Column("recipients", Json, nullable=False),
    moment("known_at"),
    Column("stopped_by", ID, ForeignKey("account.user_id"), nullable=True),
    moment("stopped_at", nullable=True),
    moment("lifted_at", nullable=True),
    UniqueConstraint("marketplace_id", "user_id", "brand_id", "day", "reason"),
    Index("ix_removal_notice_known", "known_at"),
)

_RAISED = text("settled_at IS NULL")

alert = tenant_table(
    "alert",
    "alert_id",
    word("cause"),
    # The id of the person, brand or seller that the alert is about; empty where it is about the marketplace.
    Column("subject", EXTERNAL, nullable=False),
    Column("sentence", String(500), nullable=False),
    moment("raised_at"),
    moment("settled_at", nullable=True),
    partial_index("ux_alert_one_raised", "marketplace_id", "cause", "subject", unique=True, where=_RAISED),
    Index("ix_alert_raised", "marketplace_id", "raised_at"),
)

# The database refuses changes. Erasing a part removes its salt and body together; its digest stays.
evidence = tenant_table(
    "evidence",
    "evidence_id",
    id_column("listing_id"),
    id_column("version_id"),
    id_column("case_id"),
    Column("subject", String(80), nullable=False),
    Column("header", Json, nullable=False),
    Column("digest", String(64), nullable=False),
    moment("captured_at"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("case_id", "review_case"),
    Index("ix_evidence_listing", "marketplace_id", "listing_id"),
    Index("ix_evidence_case", "marketplace_id", "case_id"),
)

evidence_part = Table(
    "evidence_part",
    metadata,
    id_column("marketplace_id"),
    id_column("evidence_id"),
    word("part", Part),
    Column("digest", String(64), nullable=False),
    Column("salt", String(64), nullable=True),
    Column("body", CompressedBytes, nullable=True),
    PrimaryKeyConstraint("marketplace_id", "evidence_id", "part"),
    within("evidence_id", "evidence"),
)
