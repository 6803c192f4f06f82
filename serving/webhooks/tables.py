"""The tables of webhooks."""

from sqlalchemy import Boolean, Column, Integer, String

from serving.platform.database.schema import moment, tenant_table

webhook_endpoint = tenant_table(
    "webhook_endpoint",
    "endpoint_id",
    Column("url", String(2000), nullable=False),
    Column("status_url", String(2000), nullable=True),
    # Sealed under a key that the database does not hold.
    Column("secret", String(400), nullable=False),
    Column("previous_secret", String(400), nullable=True),
    moment("previous_until", nullable=True),
    Column("allow_loopback", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    moment("failing_since", nullable=True),
    moment("paused_until", nullable=True),
    moment("created_at"),
    moment("disabled_at", nullable=True),
)
