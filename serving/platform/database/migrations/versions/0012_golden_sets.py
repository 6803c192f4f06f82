"""Golden sets"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0012"
down_revision = "0011"

_REFUSED = "a golden set is frozen"


def upgrade() -> None:
    """Apply; the database itself refuses to change or delete what was frozen."""
    op.create_table(
        "golden_set",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("golden_set_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("items", sa.Integer(), nullable=False),
        sa.Column("positives", sa.Integer(), nullable=False),
        sa.Column("content", serving.platform.database.types.Compressed(), nullable=False),
        sa.Column("frozen_by", sa.String(length=200), nullable=False),
        sa.Column("frozen_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_golden_set_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "golden_set_id", name=op.f("pk_golden_set")),
    )
    if op.get_bind().dialect.name == "sqlite":
        for what in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER golden_set_keeps_{what.lower()} BEFORE {what} ON golden_set "
                f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION golden_set_is_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"
    )
    op.execute(
        "CREATE TRIGGER golden_set_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON golden_set "
        "FOR EACH STATEMENT EXECUTE FUNCTION golden_set_is_frozen()"
    )


def downgrade() -> None:
    """Take back; frozen sets go with their table."""
    op.drop_table("golden_set")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION golden_set_is_frozen()")
