"""The tables of standing."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json
from serving.standing.rules.reminders import QuestionStep
from serving.standing.rules.standing import Level

# The timed steps of a question and its deadline; each step is stored once.
question_step = sa.Table(
    "question_step",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    id_column("case_id"),
    word("step", QuestionStep),
    moment("due_at"),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("account_manager_id", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("taken_at"),
    within("case_id", "review_case"),
    sa.PrimaryKeyConstraint("marketplace_id", "case_id", "step", "due_at"),
    sa.Index("ix_question_step_brand", "marketplace_id", "brand_id", "taken_at"),
)

# The brand's standing at each of its confirmations, and the sampling probability of a second review.
confirmation = tenant_table(
    "confirmation",
    "verdict_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    word("level", Level),
    sa.Column("policy_version", sa.String(80), nullable=False),
    sa.Column("audit_chance", sa.Float, nullable=False),
    sa.Column("drawn", sa.Boolean, nullable=False),
    id_column("audit_case_id", nullable=True),
    moment("known_at"),
    within("verdict_id", "verdict"),
    within("audit_case_id", "review_case", "case_id"),
    sa.Index("ix_confirmation_brand", "marketplace_id", "brand_id", "known_at"),
    sa.Index("ix_confirmation_waiting", "drawn", "audit_case_id", "known_at"),
    sa.Index("ix_confirmation_audit", "marketplace_id", "audit_case_id"),
    sa.Index("ix_confirmation_drawn", "marketplace_id", "drawn", "known_at"),
)

standing_change = tenant_table(
    "standing_change",
    "change_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    word("level", Level),
    sa.Column("warned", sa.Boolean, nullable=False),
    moment("since"),
    sa.Column("counts", Json, nullable=False),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("known_at"),
    sa.Index("ix_standing_change_brand", "marketplace_id", "brand_id", "known_at"),
)
