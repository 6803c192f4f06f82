"""The tables of reports."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, id_column, metadata, moment, partial_index, tenant_table, within, word
from serving.platform.database.types import Json
from serving.reports.rules.outcomes import ListingResult
from serving.reports.rules.step_up import StepUpState

_WAITS = sa.text("waits_until IS NOT NULL")
_UNDECIDED, _UNDECIDED_ON_SQLITE = sa.text("undecided"), sa.text("undecided = 1")  # As each engine is asked.
_CALLED_BACK = sa.text("callback_due_at IS NOT NULL")
_DRAFT = sa.text("draft_key IS NOT NULL")

report = tenant_table(
    "report",
    "report_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    id_column("right_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    # The key of the service account that signed it, for which the user answers; null where the user sent it.
    id_column("key_id", nullable=True),
    word("reason_code"),
    sa.Column("note", sa.String(2000), nullable=True),
    # The brand's own key of a repeatable request, and the digest of what was requested with it.
    sa.Column("request_key", sa.String(255), nullable=False),
    sa.Column("request_digest", sa.String(64), nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("known_at"),
    # Whether its listings wait for a person, or how that wait ended. `undecided` until each has its outcome.
    word("step_up", StepUpState),
    sa.Column("undecided", sa.Boolean, nullable=False),
    # When the brand's own tool is to be told of its end; null where it is not, or was.
    moment("callback_due_at", nullable=True),
    sa.Column("callback_attempts", sa.Integer, nullable=False),
    within("right_id", "brand_right"),
    sa.UniqueConstraint("marketplace_id", "brand_id", "request_key"),
    sa.Index("ix_report_known_at", "marketplace_id", "brand_id", "known_at"),
    partial_index("ix_report_callback_due", "callback_due_at", where=_CALLED_BACK),
    sa.Index("ix_report_undecided", "known_at", sqlite_where=_UNDECIDED_ON_SQLITE, postgresql_where=_UNDECIDED),
)

# The confirmation of a report with a second factor, by one session, or by the key of a service account: then also the
# network that it came from. Its people were told, and one of them may have stopped it. `waits_for` is set while it
# waits until one of them releases it.
report_step_up = tenant_table(
    "report_step_up",
    "report_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    id_column("factor_id", nullable=True),
    sa.Column("token_hash", sa.String(64), nullable=True),
    id_column("key_id", nullable=True),
    sa.Column("network", sa.String(64), nullable=True),
    sa.Column("waits_for", Json, nullable=True),
    sa.Column("released_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    sa.Column("recipients", Json, nullable=False),
    moment("known_at"),
    moment("stopped_at", nullable=True),
    sa.Column("stopped_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    within("report_id", "report"),
    sa.CheckConstraint("(key_id IS NULL) = (token_hash IS NOT NULL)", name="proof"),
    sa.Index("ix_report_step_up_brand", "marketplace_id", "brand_id", "known_at"),
)

# The location is stored as it was named. `waits_until` is set while the listing has not come in, and `case_id` once a
# case takes up the listing: the documents and the test buy of the report belong to that case. `version_id` is the
# version that was shown with its question; null where the report answers no questions.
report_item = sa.Table(
    "report_item",
    metadata,
    id_column("marketplace_id"),
    id_column("report_id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("location", sa.String(2000), nullable=False),
    moment("waits_until", nullable=True),
    id_column("case_id", nullable=True),
    id_column("version_id", nullable=True),
    within("report_id", "report"),
    within("case_id", "review_case"),
    within("version_id", "listing_version"),
    sa.PrimaryKeyConstraint("marketplace_id", "report_id", "number"),
    partial_index("ix_report_item_waits", "report_id", "number", where=_WAITS),
    sa.Index("ix_report_item_case", "marketplace_id", "case_id"),
)

# A supporting document of a report, or of a question that the brand answered: then `case_id` is the case of its answer.
# Before a report is sent it is a draft of its user under `draft_key`; drafts are deleted after a day. The digest stays
# when the content is erased.
report_document = tenant_table(
    "report_document",
    "document_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    id_column("report_id", nullable=True),
    id_column("draft_key", nullable=True),
    id_column("case_id", nullable=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=True),
    moment("known_at"),
    moment("erased_at", nullable=True),
    within("report_id", "report"),
    within("case_id", "review_case"),
    sa.UniqueConstraint("marketplace_id", "report_id", "digest"),
    sa.UniqueConstraint("marketplace_id", "case_id", "digest"),
    sa.UniqueConstraint("marketplace_id", "user_id", "draft_key", "digest"),
    sa.Index("ix_report_document_brand", "marketplace_id", "brand_id", "known_at"),
    partial_index("ix_report_document_draft", "known_at", where=_DRAFT),
)

# The test buy of a report or an answered question, as the brand records it; `number` is the bought listing of a report.
report_test_buy = tenant_table(
    "report_test_buy",
    "test_buy_id",
    id_column("report_id", nullable=True),
    sa.Column("number", sa.Integer, nullable=True),
    id_column("case_id", nullable=True),
    sa.Column("order_reference", sa.String(200), nullable=False),
    sa.Column("ordered_on", sa.String(10), nullable=False),
    sa.Column("received_on", sa.String(10), nullable=True),
    sa.Column("finding", sa.String(2000), nullable=False),
    moment("known_at"),
    within("report_id", "report"),
    within("case_id", "review_case"),
    sa.UniqueConstraint("marketplace_id", "report_id"),
    sa.UniqueConstraint("marketplace_id", "case_id"),
    sa.CheckConstraint("(report_id IS NULL) <> (case_id IS NULL)", name="subject"),
)

# What became of a reported listing, step by step: rows are appended and never changed. Step 0 is the first result.
report_outcome = sa.Table(
    "report_outcome",
    metadata,
    id_column("marketplace_id"),
    id_column("report_id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    word("result", ListingResult),
    word("code"),
    sa.Column("reasons", Json, nullable=False),
    sa.Column("refusal", Json, nullable=True),
    id_column("listing_id", nullable=True),
    id_column("case_id", nullable=True),
    id_column("verdict_id", nullable=True),
    # The lane of the open case that the report answered; null where the report opened it.
    word("lane_before", nullable=True),
    moment("known_at"),
    within("report_id", "report"),
    within("listing_id", "listing"),
    within("case_id", "review_case"),
    within("verdict_id", "verdict"),
    sa.PrimaryKeyConstraint("marketplace_id", "report_id", "number", "step"),
    sa.Index("ix_report_outcome_verdict", "marketplace_id", "verdict_id"),
    sa.Index("ix_report_outcome_listing", "marketplace_id", "listing_id"),
    sa.Index("ix_report_outcome_case", "marketplace_id", "case_id"),
)
