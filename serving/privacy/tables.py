"""The tables of privacy."""

import sqlalchemy as sa

from serving.platform.database.schema import EXTERNAL, ID, metadata, moment, partial_index, tenant_table

# A request to erase a seller's data. `due_at` is the next check of the data that had to be kept.
erasure = tenant_table(
    "erasure",
    "erasure_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    sa.Column("asked_by", sa.String(200), nullable=False),
    moment("asked_at"),
    moment("due_at", nullable=True),
    sa.Index("ix_erasure_due", "due_at"),
    sa.Index("ix_erasure_seller", "marketplace_id", "seller_external_id"),
)

# When expired data was last searched completely; without a row before the first search, and while data is left.
retention_check = sa.Table(
    "retention_check",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), primary_key=True),
    moment("looked_at"),
)

_NOT_LIFTED = sa.text("lifted_at IS NULL")

legal_hold = tenant_table(
    "legal_hold",
    "hold_id",
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("set_by", sa.String(200), nullable=False),
    moment("set_at"),
    moment("lifted_at", nullable=True),
    partial_index("ux_legal_hold_one_in_force", "marketplace_id", "seller_external_id", unique=True, where=_NOT_LIFTED),
)
