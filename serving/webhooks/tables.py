"""The tables of webhooks."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, UniqueConstraint, text

from serving.platform.database.schema import ID, moment, partial_index, tenant_table, word
from serving.webhooks.rules.action import ActionState, RequestKind


def sender_column() -> Column[str]:
    """The process that has an attempt to send the message under way, null where none has."""
    return Column("sender", String(200), nullable=True)


def sender_index(table: str) -> Index:
    """The few messages under way."""
    under_way = text("sender IS NOT NULL")
    return partial_index(f"ix_{table}_sender", "sender", where=under_way)


webhook_endpoint = tenant_table(
    "webhook_endpoint",
    "endpoint_id",
    Column("url", String(2000), nullable=False),
    Column("status_url", String(2000), nullable=True),
    # Sealed under a key that the database does not hold.
    Column("secret", String(400), nullable=False),
    Column("previous_secret", String(400), nullable=True),
    moment("previous_until", nullable=True),
    # Who made the current secret, and when; null where the owner of the data directory made it.
    Column("made_by", ID, ForeignKey("account.user_id"), nullable=True),
    moment("secret_made_at"),
    moment("used_at", nullable=True),
    Column("allow_loopback", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
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
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("location", String(2000), nullable=False),
    Column("location_digest", String(64), nullable=False),
    word("kind", RequestKind),
    word("state", [state for state in ActionState if state is not ActionState.PENDING_APPROVAL]),
    Column("sequence", Integer, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    moment("waits_until"),
    moment("created_at"),
    moment("leaves_at"),
    moment("due_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("acknowledged_at", nullable=True),
    Column("last_error", String(500), nullable=True),
    sender_column(),
    UniqueConstraint("marketplace_id", "location_digest", "sequence"),
    partial_index("ix_listing_request_due", "marketplace_id", "due_at", where=text("due_at IS NOT NULL")),
    sender_index("listing_request"),
    Index("ix_listing_request_brand", "marketplace_id", "brand_id", "created_at"),
    Index("ix_listing_request_state", "marketplace_id", "state"),
)
