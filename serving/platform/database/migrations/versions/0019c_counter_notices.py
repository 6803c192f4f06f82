"""Counter-notices, and removals that were undone"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0019c"
down_revision = "0019b"


def upgrade() -> None:
    """Apply; what appeals had undone before is a row as well."""
    op.create_table(
        "counter_notice",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("counter_notice_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("profile", sa.String(length=40), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("informed_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("first_answered_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("closed_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint(
            "state IN ('with_seller', 'with_rights_holder', 'with_reviewer', 'with_court', 'upheld', 'dismissed', 'lapsed', 'withdrawn')",
            name=op.f("ck_counter_notice_state"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_counter_notice_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_counter_notice_marketplace_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_counter_notice_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_counter_notice_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "counter_notice_id", name=op.f("pk_counter_notice")),
        sa.UniqueConstraint("marketplace_id", "action_id", name=op.f("uq_counter_notice_marketplace_id_action_id")),
    )
    with op.batch_alter_table("counter_notice", schema=None) as batch_op:
        batch_op.create_index("ix_counter_notice_brand", ["marketplace_id", "brand_id", "state"], unique=False)
        batch_op.create_index("ix_counter_notice_due", ["due_at"], unique=False)

    op.create_table(
        "overturn",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("overturn_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=True),
        sa.Column("reinstatement_id", sa.String(length=40), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("amendment", serving.platform.database.types.Json(), nullable=False),
        sa.Column("overturned_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("undone_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("cause IN ('appeal', 'conceded', 'silence')", name=op.f("ck_overturn_cause")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_overturn_marketplace_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "reinstatement_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_overturn_marketplace_id_reinstatement_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_overturn_marketplace_id_verdict_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_overturn_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "overturn_id", name=op.f("pk_overturn")),
    )
    with op.batch_alter_table("overturn", schema=None) as batch_op:
        batch_op.create_index(
            "ux_overturn_one_in_force",
            ["marketplace_id", "action_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "counter_notice_step",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=False),
        sa.Column("counter_notice_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("party", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("state_after", sa.String(length=40), nullable=False),
        sa.Column("said", sa.String(length=5000), nullable=True),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "party IN ('seller', 'rights_holder', 'reviewer', 'clock')", name=op.f("ck_counter_notice_step_party")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "counter_notice_id"],
            ["counter_notice.marketplace_id", "counter_notice.counter_notice_id"],
            name=op.f("fk_counter_notice_step_marketplace_id_counter_notice_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_counter_notice_step_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "step_id", name=op.f("pk_counter_notice_step")),
        sa.UniqueConstraint(
            "marketplace_id",
            "counter_notice_id",
            "number",
            name=op.f("uq_counter_notice_step_marketplace_id_counter_notice_id_number"),
        ),
    )

    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index("ix_action_acknowledged", ["kind", "acknowledged_at"], unique=False)
    op.execute(
        """
        INSERT INTO overturn (marketplace_id, overturn_id, action_id, cause, amendment, overturned_at)
        SELECT marketplace_id, 'ovt' || substr(appeal_id, 4), action_id, 'appeal', '{}', decided_at
        FROM appeal WHERE state = 'upheld'
        """
    )


def downgrade() -> None:
    """Take back; counter-notices are lost."""
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index("ix_action_acknowledged")
    op.drop_table("counter_notice_step")
    with op.batch_alter_table("overturn", schema=None) as batch_op:
        batch_op.drop_index("ux_overturn_one_in_force")
    op.drop_table("overturn")
    with op.batch_alter_table("counter_notice", schema=None) as batch_op:
        batch_op.drop_index("ix_counter_notice_due")
        batch_op.drop_index("ix_counter_notice_brand")
    op.drop_table("counter_notice")
