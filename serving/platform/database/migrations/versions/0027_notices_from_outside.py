"""Notices from outside"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0027"
down_revision = "0026d"

_STRANGER = sa.text("kind = 'unregistered' AND email_token IS NOT NULL")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "reporter",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("reporter_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("email_token", sa.String(length=64), nullable=True),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("secret_hash", sa.String(length=64), nullable=True),
        _at("known_at", nullable=False),
        _at("revoked_at"),
        _at("warned_at"),
        _at("muted_until"),
        sa.Column("muted_because", sa.String(length=500), nullable=True),
        _at("erasure_asked_at"),
        _at("erased_at"),
        sa.CheckConstraint(
            "kind IN ('unregistered', 'registered', 'brand', 'trusted_flagger')", name=op.f("ck_reporter_kind")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_reporter_brand_id")),
        _marketplace("reporter"),
        sa.PrimaryKeyConstraint("marketplace_id", "reporter_id", name=op.f("pk_reporter")),
    )
    op.create_index(
        "ux_reporter_stranger",
        "reporter",
        ["marketplace_id", "email_token"],
        unique=True,
        sqlite_where=_STRANGER,
        postgresql_where=_STRANGER,
    )
    op.create_table(
        "notice",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("notice_id", sa.String(length=40), nullable=False),
        sa.Column("reporter_id", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("explanation", sa.String(length=5000), nullable=False),
        _at("known_at", nullable=False),
        sa.CheckConstraint("channel IN ('form', 'api')", name=op.f("ck_notice_channel")),
        sa.CheckConstraint(
            "reason_code IN ('trademark_counterfeit', 'mark_misuse', 'design', 'copyright', 'not_as_described')",
            name=op.f("ck_notice_reason_code"),
        ),
        _within("notice", "reporter_id", "reporter"),
        _marketplace("notice"),
        sa.PrimaryKeyConstraint("marketplace_id", "notice_id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_reporter", "notice", ["marketplace_id", "reporter_id", "known_at"])
    op.create_index("ix_notice_known", "notice", ["marketplace_id", "known_at"])
    op.create_table(
        "notice_item",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("item_id", sa.String(length=40), nullable=False),
        sa.Column("notice_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("location", sa.String(length=2000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        *(sa.Column(name, sa.String(length=40), nullable=True) for name in ("listing_id", "version_id", "case_id")),
        sa.Column("opened_case", sa.Boolean(), nullable=False),
        *(sa.Column(name, sa.String(length=40), nullable=True) for name in ("outcome", "verdict_id", "action_id")),
        _at("known_at", nullable=False),
        _at("decided_at"),
        sa.CheckConstraint(
            "state IN ('waiting', 'decided', 'unknown_listing', 'repeated', 'muted')",
            name=op.f("ck_notice_item_state"),
        ),
        sa.CheckConstraint(
            "outcome IN ('removed', 'no_action', 'already_removed')", name=op.f("ck_notice_item_outcome")
        ),
        *(
            _within("notice_item", column, table)
            for column, table in (
                ("notice_id", "notice"),
                ("listing_id", "listing"),
                ("version_id", "listing_version"),
                ("case_id", "review_case"),
                ("verdict_id", "verdict"),
                ("action_id", "action"),
            )
        ),
        _marketplace("notice_item"),
        sa.PrimaryKeyConstraint("marketplace_id", "item_id", name=op.f("pk_notice_item")),
        sa.UniqueConstraint(
            "marketplace_id", "notice_id", "number", name=op.f("uq_notice_item_marketplace_id_notice_id_number")
        ),
    )
    for name, *columns in (
        ("ix_notice_item_case", "case_id"),
        ("ix_notice_item_listing", "listing_id", "state"),
        ("ix_notice_item_version", "version_id"),
        ("ix_notice_item_known", "known_at"),
    ):
        op.create_index(name, "notice_item", ["marketplace_id", *columns])


def downgrade() -> None:
    """Take back; notices and who sent them are lost."""
    for table in ("notice_item", "notice", "reporter"):
        op.drop_table(table)


def _at(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, serving.platform.database.types.UtcTime(), nullable=nullable)


def _marketplace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f(f"fk_{table}_marketplace_id")
    )


def _within(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["marketplace_id", column],
        [f"{other}.marketplace_id", f"{other}.{column}"],
        name=op.f(f"fk_{table}_marketplace_id_{column}"),
    )
