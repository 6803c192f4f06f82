"""Second looks"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0011"
down_revision = "0010"

_LANES = "lane IN ('ask_brand', 'analyst', 'audit', 'insufficient_evidence', 'appeal'{})"


def upgrade() -> None:
    """Apply."""
    op.drop_index("ux_review_case_one_open", table_name="review_case")
    _allow_lanes(_LANES.format(", 'second_look'"))
    decides, looks = sa.text("state = 'open' AND lane <> 'second_look'"), sa.text("lane = 'second_look'")
    for name, column, where in (
        ("ux_review_case_one_open", "listing_id", decides),
        ("ux_review_case_one_second_look", "version_id", looks),
    ):
        columns = ["marketplace_id", column]
        op.create_index(name, "review_case", columns, unique=True, sqlite_where=where, postgresql_where=where)
    op.create_table(
        "second_look",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("second_look_id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("label", sa.Integer(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("doubt", sa.Float(), nullable=True),
        sa.Column("case_id", sa.String(length=40), nullable=True),
        sa.Column("found_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("why IN ('doubted', 'alone')", name=op.f("ck_second_look_why")),
        *(
            sa.ForeignKeyConstraint(
                ["marketplace_id", column],
                [f"{table}.marketplace_id", f"{table}.{column}"],
                name=op.f(f"fk_second_look_marketplace_id_{column}"),
            )
            for column, table in (
                ("job_id", "training_job"),
                ("listing_id", "listing"),
                ("version_id", "listing_version"),
                ("case_id", "review_case"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_second_look_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "second_look_id", name=op.f("pk_second_look")),
        sa.UniqueConstraint(
            "marketplace_id", "job_id", "version_id", name=op.f("uq_second_look_marketplace_id_job_id_version_id")
        ),
    )
    with op.batch_alter_table("second_look", schema=None) as batch_op:
        batch_op.create_index("ix_second_look_case", ["marketplace_id", "case_id"], unique=False)


def downgrade() -> None:
    """Take back; second looks that were asked for go with their verdicts."""
    op.drop_table("second_look")
    op.execute("DELETE FROM verdict WHERE lane = 'second_look'")
    op.execute("DELETE FROM case_event WHERE case_id IN (SELECT case_id FROM review_case WHERE lane = 'second_look')")
    op.execute("DELETE FROM review_case WHERE lane = 'second_look'")
    op.drop_index("ux_review_case_one_open", table_name="review_case")
    op.drop_index("ux_review_case_one_second_look", table_name="review_case")
    _allow_lanes(_LANES.format(""))
    where = sa.text("state = 'open'")
    columns = ["marketplace_id", "listing_id"]
    name = "ux_review_case_one_open"
    op.create_index(name, "review_case", columns, unique=True, sqlite_where=where, postgresql_where=where)


def _allow_lanes(lanes: str) -> None:
    """SQLite cannot change a check: the table is written anew."""
    with op.batch_alter_table("review_case", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_review_case_lane"), type_="check")
        batch_op.create_check_constraint(op.f("ck_review_case_lane"), lanes)
