"""Erasure, salts and legal holds"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0025"
down_revision = "0024c"

_NAMED = "EXISTS (SELECT 1 FROM erased_payload WHERE erased_payload.sequence = OLD.sequence)"
_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Apply. The salt is added in place: writing audit_payload anew would lose its triggers."""
    op.add_column("audit_payload", sa.Column("salt", sa.String(length=64), nullable=True))
    op.create_table(
        "erased_payload",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("erasure_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["audit_entry.sequence"], name=op.f("fk_erased_payload_sequence")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_erased_payload")),
    )
    op.create_table(
        "erasure",
        *_key("erasure", "erasure_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("asked_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=True),
    )
    op.create_index("ix_erasure_due", "erasure", ["due_at"])
    op.create_index("ix_erasure_seller", "erasure", ["marketplace_id", "seller_external_id"])
    op.create_table(
        "legal_hold",
        *_key("legal_hold", "hold_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("set_by", sa.String(length=200), nullable=False),
        sa.Column("set_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("lifted_at", serving.platform.database.types.UtcTime(), nullable=True),
    )
    op.create_index(
        "ux_legal_hold_one_in_force",
        "legal_hold",
        ["marketplace_id", "seller_external_id"],
        unique=True,
        sqlite_where=sa.text("lifted_at IS NULL"),
        postgresql_where=sa.text("lifted_at IS NULL"),
    )
    if _on_postgresql():
        op.execute("DROP TRIGGER audit_payload_refuses_delete ON audit_payload")
        op.execute(
            "CREATE FUNCTION touchstone_refuse_unnamed() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN IF {_NAMED} THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        op.execute(
            "CREATE TRIGGER audit_payload_refuses_delete BEFORE DELETE ON audit_payload "
            "FOR EACH ROW EXECUTE FUNCTION touchstone_refuse_unnamed()"
        )
        for event in _EVENTS:
            op.execute(
                f"CREATE TRIGGER erased_payload_refuses_{event.lower()} BEFORE {event} ON erased_payload "
                "FOR EACH ROW EXECUTE FUNCTION touchstone_refuse()"
            )
        op.execute(
            "CREATE TRIGGER erased_payload_refuses_truncate BEFORE TRUNCATE ON erased_payload "
            "FOR EACH STATEMENT EXECUTE FUNCTION touchstone_refuse()"
        )
        return
    op.execute("DROP TRIGGER audit_payload_refuses_delete")
    op.execute(
        f"CREATE TRIGGER audit_payload_refuses_delete BEFORE DELETE ON audit_payload WHEN NOT {_NAMED} "
        "BEGIN SELECT RAISE(ABORT, 'audit_payload is append-only'); END"
    )
    for event in _EVENTS:
        op.execute(
            f"CREATE TRIGGER erased_payload_refuses_{event.lower()} BEFORE {event} ON erased_payload "
            "BEGIN SELECT RAISE(ABORT, 'erased_payload is append-only'); END"
        )


def downgrade() -> None:
    """Take back; what was erased stays erased, and what is salted can no longer be checked."""
    if _on_postgresql():
        op.execute("DROP TRIGGER audit_payload_refuses_delete ON audit_payload")
        op.execute(
            "CREATE TRIGGER audit_payload_refuses_delete BEFORE DELETE ON audit_payload "
            "FOR EACH ROW EXECUTE FUNCTION touchstone_refuse()"
        )
        op.execute("DROP FUNCTION touchstone_refuse_unnamed()")
    else:
        op.execute("DROP TRIGGER audit_payload_refuses_delete")
        op.execute(
            "CREATE TRIGGER audit_payload_refuses_delete BEFORE DELETE ON audit_payload "
            "BEGIN SELECT RAISE(ABORT, 'audit_payload is append-only'); END"
        )
    for table in ("legal_hold", "erasure", "erased_payload"):
        op.drop_table(table)
    op.drop_column("audit_payload", "salt")


def _on_postgresql() -> bool:
    return op.get_context().dialect.name == "postgresql"


def _key(table: str, key: str) -> tuple[sa.schema.SchemaItem, ...]:
    """Marketplace and id, the primary key of a marketplace's own rows."""
    return (
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column(key, sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f(f"fk_{table}_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", key, name=op.f(f"pk_{table}")),
    )
