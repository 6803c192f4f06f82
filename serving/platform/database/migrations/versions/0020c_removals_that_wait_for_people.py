"""Removals that wait for people"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0020c"
down_revision = "0020b"

_STATES = "state IN ({}'scheduled', 'withdrawn', 'sending', 'acknowledged', 'dead')"
_OPEN = "state IN ({}'scheduled', 'sending', 'dead')"
_HELD = "'held', "


def upgrade() -> None:
    """Apply."""
    _allow_states(_HELD)
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index("ix_action_created", ["marketplace_id", "created_at"], unique=False)
    op.create_table(
        "action_hold",
        *_key("action_hold", "action_id"),
        sa.Column("causes", serving.platform.database.types.Json(), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("held_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("settled_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("settled_as", sa.String(length=40), nullable=True),
        sa.CheckConstraint("settled_as IN ('release', 'withdraw', 'undo')", name=op.f("ck_action_hold_settled_as")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_action_hold_marketplace_id_action_id"),
        ),
    )
    op.create_index("ix_action_hold_waiting", "action_hold", ["marketplace_id", "settled_at", "held_at"], unique=False)
    op.create_table(
        "hold_opinion",
        *_key("hold_opinion", "opinion_id"),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("decision IN ('release', 'withdraw')", name=op.f("ck_hold_opinion_decision")),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_hold_opinion_user_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action_hold.marketplace_id", "action_hold.action_id"],
            name=op.f("fk_hold_opinion_marketplace_id_action_id"),
        ),
    )
    op.create_index("ix_hold_opinion_action", "hold_opinion", ["marketplace_id", "action_id", "known_at"], unique=False)
    op.create_table(
        "alert",
        *_key("alert", "alert_id"),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("raised_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("settled_at", serving.platform.database.types.UtcTime(), nullable=True),
    )
    raised = sa.text("settled_at IS NULL")
    columns = ["marketplace_id", "cause", "subject"]
    op.create_index("ux_alert_one_raised", "alert", columns, unique=True, sqlite_where=raised, postgresql_where=raised)
    op.create_index("ix_alert_raised", "alert", ["marketplace_id", "raised_at"], unique=False)
    op.create_table(
        "rule_switch",
        *_key("rule_switch", "rule"),
        sa.Column("off_since", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("switched_by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
    )


def downgrade() -> None:
    """Take back; what is held does not leave."""
    for table in ("rule_switch", "alert", "hold_opinion", "action_hold"):
        op.drop_table(table)
    op.execute("UPDATE action SET state = 'withdrawn' WHERE state = 'held'")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index("ix_action_created")
    _allow_states("")


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


def _allow_states(held: str) -> None:
    """SQLite cannot change a check: the table is written anew."""
    op.drop_index("ux_action_one_open", table_name="action")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_action_state"), type_="check")
        batch_op.create_check_constraint(op.f("ck_action_state"), _STATES.format(held))
    where = sa.text(_OPEN.format(held))
    columns = ["marketplace_id", "listing_id", "kind"]
    op.create_index("ux_action_one_open", "action", columns, unique=True, sqlite_where=where, postgresql_where=where)
