"""Reminders of questions"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0024c"
down_revision = "0024b"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "question_step",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("account_manager_id", sa.String(length=40), nullable=True),
        sa.Column("taken_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("step IN ('reminded', 'escalated', 'unanswered')", name=op.f("ck_question_step_step")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_question_step_marketplace_id")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_question_step_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_question_step_brand_id")),
        sa.ForeignKeyConstraint(
            ["account_manager_id"], ["account.user_id"], name=op.f("fk_question_step_account_manager_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "case_id", "step", "due_at", name=op.f("pk_question_step")),
    )
    op.create_index("ix_question_step_brand", "question_step", ["marketplace_id", "brand_id", "taken_at"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_question_step_brand", table_name="question_step")
    op.drop_table("question_step")
