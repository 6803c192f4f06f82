"""Counts of the queue and searches that read an index alone"""

import sqlalchemy as sa
from alembic import op

revision = "0071"
down_revision = "0062"

_OPEN = sa.text("state = 'open'")
_BEFORE = (
    "case_id",
    "marketplace_id",
    "lane",
    "brand_id",
    "language",
    "seller_external_id",
    "chance",
    "points",
    "relisted",
    "opened_at",
    "due_at",
    "leased_by",
    "leased_until",
    "aside_until",
)


def upgrade() -> None:
    """Apply."""
    _open_cases(("case_id", "marketplace_id", "listing_id", *_BEFORE[2:], "score_hidden"))
    for name, columns in (
        ("ix_review_case_offer", ["listing_id", "marketplace_id"]),
        ("ix_review_case_leased", ["leased_by"]),
        ("ix_review_case_sold_by", ["seller_external_id"]),
    ):
        op.create_index(name, "review_case", columns, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.execute("UPDATE search_entry SET words = '0seller' WHERE kind = 'seller'")


def downgrade() -> None:
    """Take back."""
    op.execute("UPDATE search_entry SET words = '' WHERE kind = 'seller'")
    for name in ("ix_review_case_sold_by", "ix_review_case_leased", "ix_review_case_offer"):
        op.drop_index(name, "review_case")
    _open_cases(_BEFORE)


def _open_cases(columns: tuple[str, ...]) -> None:
    op.drop_index("ix_review_case_open", "review_case")
    op.create_index(
        "ix_review_case_open",
        "review_case",
        [sa.text("priority DESC"), *columns],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
