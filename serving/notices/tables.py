"""The tables of notices."""

import sqlalchemy as sa

from models.labels import AppealState
from models.verdict import ReasonCode
from serving.brands.rules.rights import RightKind
from serving.notices.rules.notices import Channel, InvalidReason, ItemState, NoticeOutcome, ReporterKind
from serving.platform.database.schema import ID, id_column, metadata, moment, partial_index, tenant_table, within, word

# Notices from outside.

_STRANGER = sa.text("kind = 'unregistered' AND email_token IS NOT NULL")
_TO_ERASE = sa.text("erasure_requested_at IS NOT NULL AND erased_at IS NULL")
_KEPT_MUTE = sa.text("erased_at IS NOT NULL AND email_token IS NOT NULL")

# Notifiers. Name and address are the only personal data here; both are null once they are erased.
reporter = tenant_table(
    "reporter",
    "reporter_id",
    word("kind", ReporterKind),
    sa.Column("name", sa.String(200), nullable=True),
    sa.Column("email", sa.String(320), nullable=True),
    # Keyed hash of the address, by which a stranger is identified.
    sa.Column("email_token", sa.String(64), nullable=True),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    sa.Column("secret_hash", sa.String(64), nullable=True),
    moment("known_at"),
    moment("revoked_at", nullable=True),
    moment("warned_at", nullable=True),
    moment("muted_until", nullable=True),
    sa.Column("muted_because", sa.String(500), nullable=True),
    moment("erasure_requested_at", nullable=True),
    moment("erased_at", nullable=True),
    partial_index("ux_reporter_stranger", "marketplace_id", "email_token", unique=True, where=_STRANGER),
    sa.Index("ix_reporter_email", "marketplace_id", "email_token"),
    sa.Index("ix_reporter_known", "marketplace_id", "known_at"),
    partial_index("ix_reporter_to_erase", "erasure_requested_at", where=_TO_ERASE),
    partial_index("ix_reporter_muted", "muted_until", where=_KEPT_MUTE),
)

notice = tenant_table(
    "notice",
    "notice_id",
    id_column("reporter_id"),
    word("channel", Channel),
    word("reason_code", ReasonCode),
    sa.Column("explanation", sa.String(5000), nullable=False),
    # The right as the notifier names it; null where it does not, and once the notifier is erased.
    word("right_kind", RightKind, nullable=True),
    sa.Column("right_office", sa.String(200), nullable=True),
    sa.Column("right_number", sa.String(200), nullable=True),
    sa.Column("right_owner", sa.String(200), nullable=True),
    sa.Column("by_power_of_attorney", sa.Boolean, nullable=False),
    moment("known_at"),
    # When its stranger followed the link that was sent to the address; only then is it surely theirs.
    moment("confirmed_at", nullable=True),
    within("reporter_id", "reporter"),
    sa.Index("ix_notice_reporter", "marketplace_id", "reporter_id", "known_at"),
    sa.Index("ix_notice_known", "marketplace_id", "known_at"),
)

# How many listings strangers notified from a network on a day, and the bytes of their documents. The hash is keyed and
# dated, and a later notice deletes the row.
notice_network = sa.Table(
    "notice_network",
    metadata,
    sa.Column("network", sa.String(64), primary_key=True),
    sa.Column("listings", sa.Integer, nullable=False),
    sa.Column("document_bytes", sa.BigInteger, nullable=False),
    moment("known_at"),
)

# A stranger's notice that came back with the listings that were not found. A later notice deletes the row.
notice_preview = tenant_table(
    "notice_preview",
    "preview_id",
    moment("known_at"),
    sa.Index("ix_notice_preview_known", "marketplace_id", "known_at"),
)

# A document of a notice. The digest stays when the content is erased with the notifier.
notice_document = tenant_table(
    "notice_document",
    "document_id",
    id_column("notice_id"),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=True),
    moment("known_at"),
    moment("erased_at", nullable=True),
    within("notice_id", "notice"),
    sa.UniqueConstraint("marketplace_id", "notice_id", "digest"),
)

# One notified listing. `version_id` is its version when it was notified, `case_id` the case that decides it, also after
# the listing changed and another case followed.
notice_item = tenant_table(
    "notice_item",
    "item_id",
    id_column("notice_id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("location", sa.String(2000), nullable=False),
    word("state", ItemState),
    id_column("listing_id", nullable=True),
    id_column("version_id", nullable=True),
    id_column("case_id", nullable=True),
    sa.Column("opened_case", sa.Boolean, nullable=False),
    word("outcome", NoticeOutcome, nullable=True),
    word("invalid_reason", InvalidReason, nullable=True),
    sa.Column("invalid_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    id_column("verdict_id", nullable=True),
    id_column("action_id", nullable=True),
    moment("known_at"),
    moment("decided_at", nullable=True),
    # When the notifier was mailed the decision; empty again where it was undone or replaced.
    moment("told_at", nullable=True),
    within("notice_id", "notice"),
    within("listing_id", "listing"),
    within("version_id", "listing_version", "version_id"),
    within("case_id", "review_case"),
    within("verdict_id", "verdict"),
    within("action_id", "action"),
    sa.UniqueConstraint("marketplace_id", "notice_id", "number"),
    sa.Index("ix_notice_item_case", "marketplace_id", "case_id"),
    sa.Index("ix_notice_item_listing", "marketplace_id", "listing_id", "state"),
    sa.Index("ix_notice_item_version", "marketplace_id", "version_id"),
    sa.Index("ix_notice_item_untold", "told_at", "state", "decided_at"),
    sa.Index("ix_notice_item_known", "marketplace_id", "known_at"),
)

# A notifier's complaint that a listing stays, against the decision before it, which had no verdict where the notice was
# found invalid; `verdict_id` ended it.
notice_complaint = tenant_table(
    "notice_complaint",
    "complaint_id",
    id_column("item_id"),
    id_column("case_id"),
    id_column("previous_verdict_id", nullable=True),
    word("previous_outcome", (NoticeOutcome.NO_ACTION, NoticeOutcome.INVALID)),
    moment("previous_decided_at"),
    sa.Column("statement", sa.String(5000), nullable=False),
    word("state", (AppealState.OPEN, AppealState.UPHELD, AppealState.DISMISSED)),
    id_column("verdict_id", nullable=True),
    moment("known_at"),
    moment("decided_at", nullable=True),
    within("item_id", "notice_item"),
    within("case_id", "review_case"),
    within("previous_verdict_id", "verdict", "verdict_id"),
    within("verdict_id", "verdict"),
    sa.UniqueConstraint("marketplace_id", "item_id"),
    sa.Index("ix_notice_complaint_case", "marketplace_id", "case_id"),
)
