"""Test buys"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0024b"
down_revision = "0024"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "test_buy",
        *_key("test_buy", "test_buy_id"),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("order_reference", sa.String(length=200), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("ordered_by", sa.String(length=40), nullable=False),
        sa.Column("ordered_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("closed_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("verdict_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "state IN ('ordered', 'received', 'inspected', 'closed', 'cancelled')", name=op.f("ck_test_buy_state")
        ),
        _within("test_buy", "case_id", "review_case"),
        _within("test_buy", "version_id", "listing_version"),
        _within("test_buy", "verdict_id", "verdict"),
        sa.ForeignKeyConstraint(["ordered_by"], ["account.user_id"], name=op.f("fk_test_buy_ordered_by")),
    )
    columns, running = ["marketplace_id", "case_id"], sa.text("closed_at IS NULL")
    op.create_index(
        "ux_test_buy_one_running", "test_buy", columns, unique=True, sqlite_where=running, postgresql_where=running
    )
    op.create_table(
        "custody_entry",
        *_key("custody_entry", "entry_id"),
        sa.Column("test_buy_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("holder", sa.String(length=200), nullable=True),
        sa.Column("said", sa.String(length=2000), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        _within("custody_entry", "test_buy_id", "test_buy"),
        sa.UniqueConstraint(
            "marketplace_id",
            "test_buy_id",
            "number",
            name=op.f("uq_custody_entry_marketplace_id_test_buy_id_number"),
        ),
    )

    _refuse_changes()


def _refuse_changes() -> None:
    """A line of a custody log is never changed and never taken out."""
    for event in ("UPDATE", "DELETE"):
        on = f"CREATE TRIGGER custody_entry_refuses_{event.lower()} BEFORE {event} ON custody_entry"
        if op.get_context().dialect.name == "postgresql":
            op.execute(f"{on} FOR EACH ROW EXECUTE FUNCTION touchstone_refuse()")
        else:
            op.execute(f"{on} BEGIN SELECT RAISE(ABORT, 'custody_entry is append-only'); END")


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


def _within(table: str, column: str, referred: str) -> sa.ForeignKeyConstraint:
    """A reference that stays inside the marketplace."""
    return sa.ForeignKeyConstraint(
        ["marketplace_id", column],
        [f"{referred}.marketplace_id", f"{referred}.{column}"],
        name=op.f(f"fk_{table}_marketplace_id_{column}"),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("custody_entry")
    op.drop_index("ux_test_buy_one_running", table_name="test_buy")
    op.drop_table("test_buy")
