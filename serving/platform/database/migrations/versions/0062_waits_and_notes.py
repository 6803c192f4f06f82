"""Cases that are set aside, and notes of the desk with the people mentioned in them"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0062"
down_revision = "0061"

_OPEN = sa.text("state = 'open'")
_SHOWN = (
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
)


def upgrade() -> None:
    """Apply; the index that queues are walked by holds until when a case is set aside."""
    op.add_column("review_case", sa.Column("aside_until", serving.platform.database.types.UtcTime(), nullable=True))
    op.add_column("review_case", sa.Column("wakes_on_news", sa.Boolean(), server_default=sa.false(), nullable=False))
    _index((*_SHOWN, "aside_until"))
    op.create_table(
        "case_wait",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("wait_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("missing", sa.String(length=500), nullable=True),
        sa.Column("asked", sa.String(length=500), nullable=True),
        sa.Column("until", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("on_news", sa.Boolean(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('snoozed', 'needs_information')", name=op.f("ck_case_wait_kind")),
        *_of_case("case_wait"),
        sa.PrimaryKeyConstraint("marketplace_id", "wait_id", name=op.f("pk_case_wait")),
    )
    op.create_index("ix_case_wait_case", "case_wait", ["marketplace_id", "case_id", "known_at"])
    op.create_table(
        "case_note",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("note_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("said", sa.String(length=2000), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        *_of_case("case_note"),
        sa.PrimaryKeyConstraint("marketplace_id", "note_id", name=op.f("pk_case_note")),
    )
    op.create_index("ix_case_note_case", "case_note", ["marketplace_id", "case_id", "known_at"])
    op.create_table(
        "note_mention",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("note_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("seen_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "note_id"],
            ["case_note.marketplace_id", "case_note.note_id"],
            name=op.f("fk_note_mention_marketplace_id_note_id"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_note_mention_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "note_id", "user_id", name=op.f("pk_note_mention")),
    )
    op.create_index("ix_note_mention_person", "note_mention", ["user_id", "seen_at"])


def downgrade() -> None:
    """Take back; what was set aside is in the queue again."""
    for name in ("note_mention", "case_note", "case_wait"):
        op.drop_table(name)
    _index(_SHOWN)
    for name in ("wakes_on_news", "aside_until"):
        op.drop_column("review_case", name)


def _of_case(table: str) -> tuple[sa.ForeignKeyConstraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f(f"fk_{table}_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f(f"fk_{table}_user_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f(f"fk_{table}_marketplace_id_case_id"),
        ),
    )


def _index(shown: tuple[str, ...]) -> None:
    op.drop_index("ix_review_case_open", "review_case")
    op.create_index(
        "ix_review_case_open",
        "review_case",
        [sa.text("priority DESC"), *shown],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
