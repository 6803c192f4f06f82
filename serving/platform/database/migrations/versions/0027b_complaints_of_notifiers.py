"""Complaints of notifiers"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0027b"
down_revision = "0027"

_LANES = "lane IN ('ask_brand', 'analyst', 'audit', 'insufficient_evidence', 'appeal', {}'second_look')"


def upgrade() -> None:
    """Apply."""
    _allow_lanes(_LANES.format("'complaint', "))
    op.create_table(
        "notice_complaint",
        *(
            sa.Column(name, sa.String(length=40), nullable=False)
            for name in ("marketplace_id", "complaint_id", "item_id", "case_id", "previous_verdict_id")
        ),
        sa.Column("statement", sa.String(length=5000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=True),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("decided_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_notice_complaint_state")),
        *(
            sa.ForeignKeyConstraint(
                ["marketplace_id", column],
                [f"{table}.marketplace_id", f"{table}.{key}"],
                name=op.f(f"fk_notice_complaint_marketplace_id_{column}"),
            )
            for column, table, key in (
                ("item_id", "notice_item", "item_id"),
                ("case_id", "review_case", "case_id"),
                ("previous_verdict_id", "verdict", "verdict_id"),
                ("verdict_id", "verdict", "verdict_id"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_notice_complaint_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "complaint_id", name=op.f("pk_notice_complaint")),
        sa.UniqueConstraint("marketplace_id", "item_id", name=op.f("uq_notice_complaint_marketplace_id_item_id")),
    )
    op.create_index("ix_notice_complaint_case", "notice_complaint", ["marketplace_id", "case_id"])


def downgrade() -> None:
    """Take back; complaints are lost, and their cases are an analyst's."""
    op.drop_table("notice_complaint")
    op.execute("UPDATE review_case SET lane = 'analyst' WHERE lane = 'complaint'")
    op.execute("UPDATE verdict SET lane = 'analyst' WHERE lane = 'complaint'")
    _allow_lanes(_LANES.format(""))


def _allow_lanes(lanes: str) -> None:
    """SQLite cannot change a check: the table is written anew."""
    with op.batch_alter_table("review_case", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_review_case_lane"), type_="check")
        batch_op.create_check_constraint(op.f("ck_review_case_lane"), lanes)
