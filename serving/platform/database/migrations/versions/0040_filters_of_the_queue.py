"""What queues are filtered by, the open cases in their order, and filters that people save"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0040"
down_revision = "0036"

_OPEN = sa.text("state = 'open'")
_SHOWN = (
    "case_id",
    "marketplace_id",
    "lane",
    "brand_id",
    "language",
    "seller_external_id",
    "chance",
    "points",
    "relisted",
    "opened_at",
    "due_at",
    "leased_by",
    "leased_until",
)


def upgrade() -> None:
    """Apply; cases that are there are filled from their versions and scores."""
    for column in (
        sa.Column("seller_external_id", sa.String(length=200), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("chance", sa.Float(), nullable=True),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("relisted", sa.Boolean(), server_default=sa.false(), nullable=False),
    ):
        op.add_column("review_case", column)
    _fill()
    op.create_index(
        "ix_review_case_open",
        "review_case",
        [sa.text("priority DESC"), *_SHOWN],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_index(
        "ix_review_case_language",
        "review_case",
        ["marketplace_id", "language"],
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    op.create_table(
        "saved_filter",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("query", sa.String(length=500), nullable=False),
        sa.Column("saved_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_saved_filter_user_id")),
        sa.PrimaryKeyConstraint("user_id", "name", name=op.f("pk_saved_filter")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("saved_filter")
    op.drop_index("ix_review_case_language", "review_case")
    op.drop_index("ix_review_case_open", "review_case")
    for name in ("relisted", "points", "chance", "language", "seller_external_id"):
        op.drop_column("review_case", name)


def _fill() -> None:
    of_version = "FROM listing_version v WHERE v.marketplace_id = c.marketplace_id AND v.version_id = c.version_id"
    of_score = "FROM score s WHERE s.marketplace_id = c.marketplace_id AND s.score_id = c.score_id"
    postgres = op.get_context().dialect.name == "postgresql"
    language = "v.content::json ->> 'language'" if postgres else "json_extract(v.content, '$.language')"
    op.execute(
        "UPDATE review_case AS c SET "  # noqa: S608  # our own words
        f"seller_external_id = (SELECT v.seller_external_id {of_version}), "
        f"language = (SELECT CASE WHEN v.content LIKE '{{%' THEN {language} END {of_version}), "
        f"chance = (SELECT s.probability {of_score}), "
        f"points = (SELECT CASE WHEN s.probability IS NULL THEN s.value END {of_score})"
    )
