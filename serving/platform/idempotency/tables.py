"""The table of repeatable requests."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from serving.platform.database.schema import metadata, moment

# One row for each key of a caller. `stored` is set by the transaction that does the work; status and reply follow it.
# `claim` names the request that does the work now.
idempotency_key = Table(
    "idempotency_key",
    metadata,
    Column("caller", String(60), primary_key=True),
    Column("key_hash", String(64), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    moment("claimed_at"),
    Column("claim", String(32), nullable=False),
    Column("stored", Boolean, nullable=False),
    Column("status", Integer, nullable=True),
    Column("reply", Text, nullable=True),
    Index("ix_idempotency_key_claimed", "claimed_at"),
)
