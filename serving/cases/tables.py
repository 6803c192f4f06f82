"""The tables of cases."""

import sqlalchemy as sa

from models.case import CaseLane, CaseState
from models.verdict import Evidence, Judgement, Side
from serving.brands.policy import LONGEST_ALIAS
from serving.cases.policy import LONGEST_MARK, LONGEST_OWNER, LONGEST_REASON
from serving.cases.rules.bulk_verdicts import BulkItemResult
from serving.cases.rules.case_note import Deferral
from serving.cases.rules.test_buy import TestBuyState
from serving.platform.database.schema import (
    EXTERNAL,
    ID,
    id_column,
    metadata,
    moment,
    partial_index,
    tenant_table,
    within,
    word,
)

# A second review changes nothing for the listing, so it can coexist with the one case that does.
_DECIDES_OPEN = sa.text("state = 'open' AND lane <> 'second_review'")
_SECOND_REVIEW = sa.text("lane = 'second_review' AND gold_item IS NULL")
_IS_OPEN = sa.text("state = 'open'")
_IS_SNOOZED = sa.text("state = 'open' AND snoozed_until IS NOT NULL")
_KNOWN = sa.text("gold_item IS NOT NULL")
_FOLLOWS = sa.text("follows_case_id IS NOT NULL")
# In the order of the queue, with all filter columns: a page, a count and the next case read this index only.
_SHOWN_OPEN = (
    *("case_id", "marketplace_id", "listing_id", "lane", "brand_id", "language", "seller_external_id"),
    *("chance", "points", "relisted", "opened_at", "due_at"),
    *("leased_by", "leased_until", "snoozed_until", "score_masked"),
)

review_case = tenant_table(
    "review_case",
    "case_id",
    id_column("listing_id"),
    id_column("version_id"),
    id_column("score_id"),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    # The mark and its owner where a person named a brand that is not registered here.
    sa.Column("mark", sa.String(LONGEST_MARK), nullable=True),
    sa.Column("mark_owner", sa.String(LONGEST_OWNER), nullable=True),
    word("lane", CaseLane),
    word("state", CaseState),
    sa.Column("priority", sa.Float, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
    sa.Column("leased_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("leased_until", nullable=True),
    moment("opened_at"),
    moment("due_at"),
    # The earliest deadline that notices ask for; it holds in every lane but the brand's.
    moment("notice_due_at", nullable=True),
    moment("decided_at", nullable=True),
    id_column("follows_case_id", nullable=True),
    sa.Column("question_returned", sa.Boolean, nullable=False, server_default=sa.false()),
    # The filter columns of queues, copied from the version and the score: neither changes while a case is open.
    sa.Column("seller_external_id", EXTERNAL, nullable=True),
    sa.Column("language", sa.String(35), nullable=True),
    sa.Column("chance", sa.Float, nullable=True),
    sa.Column("points", sa.Float, nullable=True),
    sa.Column("relisted", sa.Boolean, nullable=False, server_default=sa.false()),
    # The person who opened the case of their own accord; empty where a route, a draw or a notice did.
    sa.Column("opened_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    # The brand's report that opened the case; reports lie above cases, so that the database holds no reference.
    id_column("report_id", nullable=True),
    # The true label of a gold item, 1 counterfeit or 0. Its reviewers are not told.
    sa.Column("gold_item", sa.Integer, nullable=True),
    # The probability with which the score was to be masked; empty in lanes that never show the score.
    sa.Column("score_masked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("masked_share", sa.Float, nullable=True),
    # Out of the queue until then, or until the first news of the listing.
    moment("snoozed_until", nullable=True),
    sa.Column("wakes_on_news", sa.Boolean, nullable=False, server_default=sa.false()),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("score_id", "score"),
    within("follows_case_id", "review_case", "case_id"),
    partial_index("ux_review_case_one_open", "marketplace_id", "listing_id", unique=True, where=_DECIDES_OPEN),
    partial_index(
        "ux_review_case_one_second_review", "marketplace_id", "version_id", unique=True, where=_SECOND_REVIEW
    ),
    sa.Index("ix_review_case_queue", "marketplace_id", "state", "lane", "priority", "score_masked"),
    sa.Index("ix_review_case_brand", "marketplace_id", "brand_id", "state"),
    sa.Index("ix_review_case_age", "marketplace_id", "state", "lane", "opened_at", "due_at"),
    partial_index("ix_review_case_language", "marketplace_id", "language", where=_IS_OPEN),
    # By the listing first: every other index would match almost all open cases.
    partial_index("ix_review_case_listing", "listing_id", "marketplace_id", where=_IS_OPEN),
    partial_index("ix_review_case_gold", "marketplace_id", "opened_at", where=_KNOWN),
    partial_index("ix_review_case_newest", "opened_at", where=_IS_OPEN),
    partial_index("ix_review_case_snoozed", "snoozed_until", where=_IS_SNOOZED),
    partial_index("ix_review_case_due", "lane", "due_at", where=_IS_OPEN),
    partial_index("ix_review_case_leased", "leased_by", where=_IS_OPEN),
    partial_index("ix_review_case_sold_by", "seller_external_id", where=_IS_OPEN),
    sa.Index("ix_review_case_version", "marketplace_id", "version_id"),
    partial_index("ix_review_case_follows", "follows_case_id", where=_FOLLOWS),
)
partial_index(
    "ix_review_case_open", review_case.c.priority.desc(), *(review_case.c[name] for name in _SHOWN_OPEN), where=_IS_OPEN
)

# The saved filters of the queue, by person and name.
saved_filter = sa.Table(
    "saved_filter",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("name", sa.String(60), nullable=False),
    sa.Column("query", sa.String(500), nullable=False),
    moment("saved_at"),
    sa.PrimaryKeyConstraint("user_id", "name"),
)

case_assignment = tenant_table(
    "case_assignment",
    "case_id",
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("assigned_at"),
    moment("until"),
    within("case_id", "review_case"),
    sa.Index("ix_case_assignment_until", "marketplace_id", "until"),
    sa.Index("ix_case_assignment_user", "user_id"),
)

# The brands that people named for cases, each with the brand before; the latest of a listing is carried to its next
# versions while the brand that the service resolves stays `resolved_id`.
case_brand = tenant_table(
    "case_brand",
    "naming_id",
    id_column("case_id"),
    id_column("listing_id"),
    id_column("version_id"),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    sa.Column("mark", sa.String(LONGEST_MARK), nullable=True),
    sa.Column("mark_owner", sa.String(LONGEST_OWNER), nullable=True),
    sa.Column("brand_before", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    sa.Column("mark_before", sa.String(LONGEST_MARK), nullable=True),
    sa.Column("owner_before", sa.String(LONGEST_OWNER), nullable=True),
    sa.Column("resolved_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    # Whether the brand before had returned its question.
    sa.Column("returned_before", sa.Boolean, nullable=False),
    id_column("undoes_id", nullable=True),  # The naming that this one undoes.
    sa.Column("reason", sa.String(LONGEST_REASON), nullable=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("known_at"),
    within("case_id", "review_case"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    sa.CheckConstraint(
        "brand_id IS NOT NULL AND mark IS NULL AND mark_owner IS NULL "
        "OR brand_id IS NULL AND mark IS NOT NULL AND mark_owner IS NOT NULL OR undoes_id IS NOT NULL",
        name="named",
    ),
    sa.Index("ix_case_brand_case", "marketplace_id", "case_id", "known_at"),
    sa.Index("ix_case_brand_listing", "marketplace_id", "listing_id", "known_at"),
)

# How a listing whose brand a person named spells it, folded.
named_spelling = sa.Table(
    "named_spelling",
    metadata,
    id_column("marketplace_id"),
    id_column("naming_id"),
    sa.Column("spelling", sa.String(LONGEST_ALIAS), nullable=False),
    id_column("listing_id"),
    within("naming_id", "case_brand"),
    within("listing_id", "listing"),
    sa.PrimaryKeyConstraint("marketplace_id", "naming_id", "spelling"),
    sa.Index("ix_named_spelling_spelling", "marketplace_id", "spelling", "listing_id"),
)

case_event = tenant_table(
    "case_event",
    "event_id",
    id_column("case_id"),
    sa.Column("what", sa.String(200), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    moment("known_at"),
    within("case_id", "review_case"),
    sa.Index("ix_case_event_case", "marketplace_id", "case_id", "known_at"),
)

# A concession to a seller changes no case, and stands beside the answer.
_FIRST = sa.text("side = 'brand' AND supersedes_id IS NULL AND due_before IS NOT NULL")
_OWN_CASE = ("marketplace_id", "case_id", "brand_id")

verdict = tenant_table(
    "verdict",
    "verdict_id",
    id_column("case_id"),
    id_column("listing_id"),
    id_column("version_id"),
    word("judgement", Judgement),
    word("reason_code", nullable=True),
    word("side", Side),
    word("evidence", Evidence, server_default=Evidence.LISTING.value),
    word("lane"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    id_column("supersedes_id", nullable=True),
    sa.Column("note", sa.String(2000), nullable=True),
    # A brand's 'counterfeit' that decided nothing, because its standing was lost: an analyst decides instead.
    sa.Column("passed_on", sa.Boolean, nullable=False, server_default=sa.false()),
    # Given by a report of the brand's own accord, and not as an answer to a question.
    sa.Column("reported", sa.Boolean, nullable=False, server_default=sa.false()),
    # How the case stood before, for an undo; null where the verdict changed no case.
    moment("due_before", nullable=True),
    sa.Column("returned_before", sa.Boolean, nullable=True),
    moment("occurred_at"),
    moment("known_at"),
    within("case_id", "review_case"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("supersedes_id", "verdict", "verdict_id"),
    sa.UniqueConstraint("marketplace_id", "supersedes_id"),
    # Each later answer of a brand on a case replaces the one before, so that one of them stands.
    partial_index("ux_verdict_first_of_brand", *_OWN_CASE, unique=True, where=_FIRST),
    sa.Index("ix_verdict_listing", "marketplace_id", "listing_id", "known_at"),
    sa.Index("ix_verdict_case", "marketplace_id", "case_id"),
    sa.Index("ix_verdict_person", "user_id", "known_at"),
    sa.Index("ix_verdict_brand", "marketplace_id", "brand_id", "known_at"),
    sa.Index("ix_verdict_version", "marketplace_id", "version_id"),
)

# Deferrals of cases, with their purpose and end. The row stays after the case is back in the queue.
case_deferral = tenant_table(
    "case_deferral",
    "deferral_id",
    id_column("case_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("kind", Deferral),
    sa.Column("missing", sa.String(500), nullable=True),
    sa.Column("asked", sa.String(500), nullable=True),
    moment("until"),
    sa.Column("on_news", sa.Boolean, nullable=False),
    moment("known_at"),
    within("case_id", "review_case"),
    sa.Index("ix_case_deferral_case", "marketplace_id", "case_id", "known_at"),
)

case_note = tenant_table(
    "case_note",
    "note_id",
    id_column("case_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("text", sa.String(2000), nullable=False),
    moment("known_at"),
    within("case_id", "review_case"),
    sa.Index("ix_case_note_case", "marketplace_id", "case_id", "known_at"),
)

note_mention = sa.Table(
    "note_mention",
    metadata,
    id_column("marketplace_id"),
    id_column("note_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("seen_at", nullable=True),
    within("note_id", "case_note"),
    sa.PrimaryKeyConstraint("marketplace_id", "note_id", "user_id"),
    sa.Index("ix_note_mention_person", "user_id", "seen_at"),
)


_RUNNING = sa.text("closed_at IS NULL")

test_buy = tenant_table(
    "test_buy",
    "test_buy_id",
    id_column("case_id"),
    id_column("version_id"),
    word("state", TestBuyState),
    sa.Column("holder", sa.String(200), nullable=True),
    sa.Column("entries", sa.Integer, nullable=False),
    sa.Column("order_reference", sa.String(200), nullable=False),
    sa.Column("cost_minor", sa.BigInteger, nullable=True),
    sa.Column("currency", sa.String(3), nullable=True),
    sa.Column("ordered_by", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("ordered_at"),
    moment("due_at"),
    moment("closed_at", nullable=True),
    id_column("verdict_id", nullable=True),
    within("case_id", "review_case"),
    within("version_id", "listing_version"),
    within("verdict_id", "verdict"),
    partial_index("ux_test_buy_one_running", "marketplace_id", "case_id", unique=True, where=_RUNNING),
)

# The custody log of the goods: lines are appended and never changed. The audit log's chain covers the text of each.
custody_entry = tenant_table(
    "custody_entry",
    "entry_id",
    id_column("test_buy_id"),
    sa.Column("number", sa.Integer, nullable=False),
    word("event"),
    sa.Column("holder", sa.String(200), nullable=True),
    sa.Column("description", sa.String(2000), nullable=False),
    sa.Column("recorded_by", sa.String(200), nullable=False),
    moment("occurred_at"),
    moment("known_at"),
    within("test_buy_id", "test_buy"),
    sa.UniqueConstraint("marketplace_id", "test_buy_id", "number"),
)

bulk_verdict = tenant_table(
    "bulk_verdict",
    "bulk_id",
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("judgement"),
    moment("known_at"),
    sa.UniqueConstraint("bulk_id"),
)

# A refused case need not exist, so the submitted value is stored unchanged and is not a foreign key.
bulk_item = sa.Table(
    "bulk_item",
    metadata,
    id_column("marketplace_id"),
    id_column("bulk_id"),
    sa.Column("number", sa.Integer, nullable=False),
    id_column("case_id"),
    id_column("version_id"),
    id_column("verdict_id", nullable=True),
    word("outcome", BulkItemResult),
    sa.Column("reason", sa.String(500), nullable=False),
    within("bulk_id", "bulk_verdict"),
    within("verdict_id", "verdict"),
    sa.PrimaryKeyConstraint("marketplace_id", "bulk_id", "number"),
)
