"""Words of custody logs that can be erased, and when data past its time was last looked for"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0032d"
down_revision = "0032c"

_CHANGED = " OR ".join(
    f"NEW.{name} <> OLD.{name}"
    for name in (
        "marketplace_id",
        "entry_id",
        "test_buy_id",
        "number",
        "event",
        "recorded_by",
        "occurred_at",
        "known_at",
    )
)
_ONLY_ERASED = f"NEW.said <> '(erased)' OR {_CHANGED} OR coalesce(NEW.holder, '') <> coalesce(OLD.holder, '')"


def upgrade() -> None:
    """Apply. A line's words may go; who held the goods, and when, may not."""
    _drop_guard()
    _guard(f"WHEN ({_ONLY_ERASED}) ")
    op.create_table(
        "retention_look",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("looked_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_retention_look_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", name=op.f("pk_retention_look")),
    )


def downgrade() -> None:
    """Take back; words that were erased stay so."""
    op.drop_table("retention_look")
    _drop_guard()
    _guard("")


def _drop_guard() -> None:
    on = " ON custody_entry" if op.get_context().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER custody_entry_refuses_update{on}")


def _guard(when: str) -> None:
    made = "CREATE TRIGGER custody_entry_refuses_update BEFORE UPDATE ON custody_entry"
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"{made} FOR EACH ROW {when}EXECUTE FUNCTION touchstone_refuse()")
    else:
        op.execute(f"{made} {when}BEGIN SELECT RAISE(ABORT, 'custody_entry is append-only'); END")
