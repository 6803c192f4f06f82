"""Strikes and sanctions of sellers, and lists of sellers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0032"
down_revision = "0028"

_TABLES = ("listed_seller", "seller_action", "sanction_voice", "sanction", "strike_hit")
_UNDECIDED = sa.text("state IN ('proposed', 'agreed_by_one')")
_NOT_REMOVED = sa.text("removed_at IS NULL")
# Removals from before there were strikes count from when they were confirmed, as models.strikes weighs them now.
_HITS = """
INSERT INTO strike_hit (
    marketplace_id, action_id, seller_external_id, reason_code, weight, policy_version, known_at, void_at, void_as)
SELECT action.marketplace_id, action.action_id, listing_version.seller_external_id,
    COALESCE(verdict.reason_code, 'trademark_counterfeit'),
    CASE COALESCE(verdict.reason_code, 'trademark_counterfeit')
        WHEN 'trademark_counterfeit' THEN 1.0 WHEN 'mark_misuse' THEN 0.5 WHEN 'copyright' THEN 0.5 ELSE 0.0 END,
    'SanctionPolicy:before_0032', verdict.known_at, overturn.overturned_at,
    CASE WHEN overturn.overturned_at IS NULL THEN NULL ELSE 'overturned' END
FROM action
JOIN verdict ON verdict.marketplace_id = action.marketplace_id AND verdict.verdict_id = action.verdict_id
JOIN listing_version ON listing_version.marketplace_id = verdict.marketplace_id
    AND listing_version.version_id = verdict.version_id
LEFT JOIN overturn ON overturn.marketplace_id = action.marketplace_id AND overturn.action_id = action.action_id
    AND overturn.undone_at IS NULL
WHERE action.kind = 'remove' AND action.state NOT IN ('held', 'withdrawn')
    AND listing_version.seller_external_id IS NOT NULL
"""


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "strike_hit",
        *_key("strike_hit", "action_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        _at("known_at"),
        _at("void_at", nullable=True),
        sa.Column("void_as", sa.String(length=40), nullable=True),
        sa.CheckConstraint("void_as IN ('withdrawn', 'overturned')", name=op.f("ck_strike_hit_void_as")),
        _within("strike_hit", "action_id", "action", "action_id"),
    )
    op.create_index("ix_strike_hit_seller", "strike_hit", ["marketplace_id", "seller_external_id", "known_at"])
    op.execute(_HITS)
    op.create_table(
        "sanction",
        *_key("sanction", "sanction_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("measure", sa.String(length=40), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("parent_id", sa.String(length=40), nullable=True),
        sa.Column("path", sa.String(length=1000), nullable=True),
        sa.Column("total", sa.Float(), nullable=False),
        sa.Column("reasons", serving.platform.database.types.Json(), nullable=False),
        sa.Column("linked", serving.platform.database.types.Json(), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        _at("proposed_at"),
        _at("due_at", nullable=True),
        _at("decided_at", nullable=True),
        sa.Column("ended_because", sa.String(length=500), nullable=True),
        sa.CheckConstraint("measure IN ('restrict', 'close')", name=op.f("ck_sanction_measure")),
        sa.CheckConstraint("cause IN ('strikes', 'linked')", name=op.f("ck_sanction_cause")),
        sa.CheckConstraint(
            "state IN ('proposed', 'agreed_by_one', 'carried_out', 'refused', 'lapsed', 'lifted')",
            name=op.f("ck_sanction_state"),
        ),
        _within("sanction", "parent_id", "sanction", "sanction_id"),
    )
    _one_index("ux_sanction_one_undecided", "sanction", _UNDECIDED)
    op.create_index("ix_sanction_state", "sanction", ["marketplace_id", "state", "proposed_at"])
    op.create_index("ix_sanction_due", "sanction", ["due_at"])
    op.create_table(
        "sanction_voice",
        *_key("sanction_voice", "voice_id"),
        sa.Column("sanction_id", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("organisation", sa.String(length=40), nullable=False),
        sa.Column("agrees", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        _at("known_at"),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_sanction_voice_user_id")),
        _within("sanction_voice", "sanction_id", "sanction", "sanction_id"),
    )
    op.create_index("ix_sanction_voice_sanction", "sanction_voice", ["marketplace_id", "sanction_id", "known_at"])
    op.create_table(
        "seller_action",
        *_key("seller_action", "action_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("sanction_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("statement", serving.platform.database.types.Json(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        _at("created_at"),
        _at("leaves_at"),
        _at("due_at", nullable=True),
        _at("sent_at", nullable=True),
        _at("acknowledged_at", nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint("kind IN ('restrict', 'suspend', 'restore')", name=op.f("ck_seller_action_kind")),
        sa.CheckConstraint(
            "state IN ('scheduled', 'withdrawn', 'sending', 'acknowledged', 'dead')",
            name=op.f("ck_seller_action_state"),
        ),
        _within("seller_action", "sanction_id", "sanction", "sanction_id"),
        sa.UniqueConstraint(
            "marketplace_id",
            "seller_external_id",
            "sequence",
            name=op.f("uq_seller_action_marketplace_id_seller_external_id_sequence"),
        ),
    )
    op.create_index("ix_seller_action_due", "seller_action", ["state", "due_at"])
    op.create_table(
        "listed_seller",
        *_key("listed_seller", "entry_id"),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("list_name", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("added_by", sa.String(length=200), nullable=False),
        _at("added_at"),
        _at("expires_at"),
        _at("removed_at", nullable=True),
        sa.Column("removed_by", sa.String(length=200), nullable=True),
        sa.CheckConstraint("list_name IN ('allow', 'watch', 'deny')", name=op.f("ck_listed_seller_list_name")),
    )
    _one_index("ux_listed_seller_one_entry", "listed_seller", _NOT_REMOVED)


def downgrade() -> None:
    """Take back; what the marketplace was told of sellers it keeps."""
    for table in _TABLES:
        op.drop_table(table)


def _at(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, serving.platform.database.types.UtcTime(), nullable=nullable)


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


def _within(table: str, column: str, other: str, key: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["marketplace_id", column],
        [f"{other}.marketplace_id", f"{other}.{key}"],
        name=op.f(f"fk_{table}_marketplace_id_{column}"),
    )


def _one_index(name: str, table: str, where: sa.TextClause) -> None:
    columns = ["marketplace_id", "seller_external_id"]
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)
