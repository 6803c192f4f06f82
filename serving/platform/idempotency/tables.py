"""The table of repeatable requests."""

import sqlalchemy as sa

from serving.platform.database.schema import metadata, moment

# One row for each key of a caller. `stored` is set by the transaction that does the work; status and reply follow it.
# `claim` names the request that does the work now.
idempotency_key = sa.Table(
    "idempotency_key",
    metadata,
    sa.Column("caller", sa.String(60), primary_key=True),
    sa.Column("key_hash", sa.String(64), primary_key=True),
    sa.Column("request_hash", sa.String(64), nullable=False),
    moment("claimed_at"),
    sa.Column("claim", sa.String(32), nullable=False),
    sa.Column("stored", sa.Boolean, nullable=False),
    sa.Column("status", sa.Integer, nullable=True),
    sa.Column("reply", sa.Text, nullable=True),
    sa.Index("ix_idempotency_key_claimed", "claimed_at"),
)
