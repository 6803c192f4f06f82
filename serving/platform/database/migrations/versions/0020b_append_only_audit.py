"""The audit log refuses to be changed"""

from alembic import op

revision = "0020b"
down_revision = "0020"

# An entry is never changed; neither is a payload, and nothing is taken out of either.
_TABLES = ("audit_entry", "audit_payload")
_EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    """Apply."""
    for table in _TABLES:
        for event in _EVENTS:
            name = f"{table}_refuses_{event.lower()}"
            if op.get_context().dialect.name == "postgresql":
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION touchstone_refuse()"
                )
            else:
                op.execute(
                    f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        if op.get_context().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER {table}_refuses_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION touchstone_refuse()"
            )


def downgrade() -> None:
    """Take back."""
    for table in _TABLES:
        for event in (*_EVENTS, "TRUNCATE") if op.get_context().dialect.name == "postgresql" else _EVENTS:
            on = f" ON {table}" if op.get_context().dialect.name == "postgresql" else ""
            op.execute(f"DROP TRIGGER {table}_refuses_{event.lower()}{on}")
