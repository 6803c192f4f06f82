"""A listing's prices before each version, and whether the version's brand took part"""

import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
_SAME = 0.005


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("listing_version", schema=None) as batch_op:
        batch_op.add_column(sa.Column("earlier_prices", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("protected", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.create_index("ix_listing_version_seller", ["marketplace_id", "seller_external_id", "known_at"])
    _fill_earlier_prices()
    op.execute(
        "UPDATE listing_version SET protected = (1 = 1) WHERE EXISTS (SELECT 1 FROM brand_enrolment e WHERE "
        "e.marketplace_id = listing_version.marketplace_id AND e.brand_id = listing_version.brand_id AND e.takes_part)"
    )


def _fill_earlier_prices() -> None:
    """As features.own_prices computes them."""
    connection = op.get_bind()
    rows = connection.execute(
        sa.text(
            "SELECT marketplace_id, listing_id, version_id, log_price FROM listing_version "
            "ORDER BY marketplace_id, listing_id, number"
        )
    ).all()
    listing = None
    for row in rows:
        if (row.marketplace_id, row.listing_id) != listing:
            listing = (row.marketplace_id, row.listing_id)
            found: dict[str, Any] = {"versions": 0, "changes": 0, "largest_fall": 0.0, "highest": None, "latest": None}
        connection.execute(
            sa.text(
                "UPDATE listing_version SET earlier_prices = :own WHERE marketplace_id = :here AND version_id = :id"
            ),
            {
                "own": json.dumps(found, sort_keys=True, separators=(",", ":")),
                "here": row.marketplace_id,
                "id": row.version_id,
            },
        )
        if row.log_price is not None:
            step = 0.0 if found["latest"] is None else row.log_price - found["latest"]
            found = {
                "versions": found["versions"] + 1,
                "changes": found["changes"] + (abs(step) > _SAME),
                "largest_fall": min(found["largest_fall"], step),
                "highest": row.log_price if found["highest"] is None else max(found["highest"], row.log_price),
                "latest": row.log_price,
            }
