"""The tables of audit."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, id_column, metadata, moment

audit_head = sa.Table(
    "audit_head",
    metadata,
    sa.Column("head_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("entry_hash", sa.String(64), nullable=False),
)

audit_entry = sa.Table(
    "audit_entry",
    metadata,
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    moment("occurred_at"),
    sa.Column("marketplace_id", ID, nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("act", sa.String(80), nullable=False),
    sa.Column("subject", sa.String(80), nullable=False, index=True),
    sa.Column("payload_hash", sa.String(64), nullable=False),
    sa.Column("previous_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("entry_hash", sa.String(64), nullable=False),
    sa.Index("ix_audit_entry_act", "act", "occurred_at"),
)

audit_payload = sa.Table(
    "audit_payload",
    metadata,
    sa.Column("sequence", sa.BigInteger, sa.ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("salt", sa.String(64), nullable=True),  # Hex; entries older than the salts have none.
)

# The payloads that may be deleted from audit_payload: the database refuses every other deletion.
erased_payload = sa.Table(
    "erased_payload",
    metadata,
    sa.Column("sequence", sa.BigInteger, sa.ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    id_column("erasure_id"),
)

# The newest signed head of each data directory that signs the log, so that lost heads are missed.
audit_signer = sa.Table(
    "audit_signer",
    metadata,
    sa.Column("public_key", sa.String(64), primary_key=True),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("entry_hash", sa.String(64), nullable=False),
    moment("signed_at"),
)
