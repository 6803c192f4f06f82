"""Evidence of what was acted on"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0020"
down_revision = "0019c"

_ONLY_ERASED = (
    "NEW.body IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.digest <> OLD.digest OR NEW.part <> OLD.part "
    "OR NEW.evidence_id <> OLD.evidence_id OR NEW.marketplace_id <> OLD.marketplace_id"
)
# Table, event, and the condition under which it is refused.
_REFUSED = (
    ("evidence", "UPDATE", None),
    ("evidence", "DELETE", None),
    ("evidence_part", "UPDATE", _ONLY_ERASED),
    ("evidence_part", "DELETE", None),
)


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "evidence",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("evidence_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("header", serving.platform.database.types.Json(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("captured_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_evidence_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_evidence_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_evidence_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_evidence_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "evidence_id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_listing", "evidence", ["marketplace_id", "listing_id"])
    op.create_index("ix_evidence_case", "evidence", ["marketplace_id", "case_id"])
    op.create_table(
        "evidence_part",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("evidence_id", sa.String(length=40), nullable=False),
        sa.Column("part", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=True),
        sa.Column("body", serving.platform.database.types.Compressed(), nullable=True),
        sa.CheckConstraint("part IN ('text', 'price', 'seller', 'media', 'page')", name=op.f("ck_evidence_part_part")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "evidence_id"],
            ["evidence.marketplace_id", "evidence.evidence_id"],
            name=op.f("fk_evidence_part_marketplace_id_evidence_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "evidence_id", "part", name=op.f("pk_evidence_part")),
    )
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION touchstone_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
            "BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
    for table, event, condition in _REFUSED:
        _refuse(table, event, condition)


def _refuse(table: str, event: str, condition: str | None) -> None:
    name, when = f"{table}_refuses_{event.lower()}", f"WHEN ({condition}) " if condition else ""
    if op.get_context().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW {when}EXECUTE FUNCTION touchstone_refuse()"
        )
        return
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} {when}"
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    )


def downgrade() -> None:
    """Take back; what was kept is gone."""
    op.drop_table("evidence_part")
    op.drop_table("evidence")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION touchstone_refuse()")
