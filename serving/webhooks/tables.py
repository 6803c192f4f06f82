"""The tables of webhooks."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, moment, partial_index, tenant_table, word
from serving.webhooks.rules.action import ActionState, RequestKind


def sender_column() -> sa.Column[str]:
    """The process that has an attempt to send the message under way, null where none has."""
    return sa.Column("sender", sa.String(200), nullable=True)


def sender_index(table: str) -> sa.Index:
    """The few messages under way."""
    under_way = sa.text("sender IS NOT NULL")
    return partial_index(f"ix_{table}_sender", "sender", where=under_way)


webhook_endpoint = tenant_table(
    "webhook_endpoint",
    "endpoint_id",
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("status_url", sa.String(2000), nullable=True),
    # Sealed under a key that the database does not hold.
    sa.Column("secret", sa.String(400), nullable=False),
    sa.Column("previous_secret", sa.String(400), nullable=True),
    moment("previous_until", nullable=True),
    # Who made the current secret, and when; null where the owner of the data directory made it.
    sa.Column("made_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("secret_made_at"),
    moment("used_at", nullable=True),
    sa.Column("allow_loopback", sa.Boolean, nullable=False),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    moment("failing_since", nullable=True),
    moment("paused_until", nullable=True),
    moment("created_at"),
    moment("verified_at", nullable=True),
    moment("disabled_at", nullable=True),
)

# Requests to send a listing that a brand has reported; delivered like an action, with a sequence of their own. The
# digest is that of the listing's name: an address can be too long for an index.
listing_request = tenant_table(
    "listing_request",
    "action_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("location", sa.String(2000), nullable=False),
    sa.Column("location_digest", sa.String(64), nullable=False),
    word("kind", RequestKind),
    word("state", [state for state in ActionState if state is not ActionState.PENDING_APPROVAL]),
    sa.Column("sequence", sa.Integer, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment("waits_until"),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    sa.Column("last_error", sa.String(500), nullable=True),
    sender_column(),
    sa.UniqueConstraint("marketplace_id", "location_digest", "sequence"),
    partial_index("ix_listing_request_due", "marketplace_id", "due_at", where=sa.text("due_at IS NOT NULL")),
    sender_index("listing_request"),
    sa.Index("ix_listing_request_brand", "marketplace_id", "brand_id", "created_at"),
    sa.Index("ix_listing_request_state", "marketplace_id", "state"),
)
