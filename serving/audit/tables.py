"""The tables of audit."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from serving.platform.database.schema import ID, id_column, metadata, moment

audit_head = Table(
    "audit_head",
    metadata,
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    moment("occurred_at"),
    Column("marketplace_id", ID, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("act", String(80), nullable=False),
    Column("subject", String(80), nullable=False, index=True),
    Column("payload_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("entry_hash", String(64), nullable=False),
    Index("ix_audit_entry_act", "act", "occurred_at"),
)

audit_payload = Table(
    "audit_payload",
    metadata,
    Column("sequence", BigInteger, ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    Column("payload", Text, nullable=False),
    Column("salt", String(64), nullable=True),  # Hex; entries older than the salts have none.
)

# The payloads that may be deleted from audit_payload: the database refuses every other deletion.
erased_payload = Table(
    "erased_payload",
    metadata,
    Column("sequence", BigInteger, ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    id_column("erasure_id"),
)

# The newest signed head of each data directory that signs the log, so that lost heads are missed.
audit_signer = Table(
    "audit_signer",
    metadata,
    Column("public_key", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
    moment("signed_at"),
)
