"""The tables of brands."""

import sqlalchemy as sa

from features.indicators import Direction, SearchedText
from features.price_lists import ListedBy
from serving.brands.policy import LONGEST_ALIAS
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.rules.authorisation import MessageSide
from serving.brands.rules.certification import CertificationMethod
from serving.brands.rules.rights import RightKind, RightState
from serving.platform.database.schema import EXTERNAL, ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json

brand = sa.Table(
    "brand",
    metadata,
    sa.Column("brand_id", ID, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("aliases", Json, nullable=False),
    sa.Column("gtin_prefixes", Json, nullable=False),
    moment("created_at"),
)

brand_enrolment = sa.Table(
    "brand_enrolment",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("takes_part", sa.Boolean, nullable=False),
    sa.Column("account_manager_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("daily_questions", sa.Integer, nullable=True),
    # The figure of its contract, and a higher one that waits for a second person.
    sa.Column("contract_day", sa.Integer, nullable=True),
    sa.Column("proposed_day", sa.Integer, nullable=True),
    sa.Column("manager_note", sa.Text, nullable=True),
    moment("enrolled_at"),
    sa.PrimaryKeyConstraint("marketplace_id", "brand_id"),
)

certification_attempt = sa.Table(
    "certification_attempt",
    metadata,
    sa.Column("attempt_id", ID, primary_key=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("how", CertificationMethod),
    sa.Column("questions", sa.String(80), nullable=False),
    sa.Column("answers", Json, nullable=False),
    sa.Column("right_answers", sa.Integer, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    moment("known_at"),
    sa.Index("ix_certification_attempt_user_id", "user_id", "known_at"),
)

authorised_seller = sa.Table(
    "authorised_seller",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    moment("added_at"),
    sa.Column("added_by", sa.String(200), nullable=False),
    # When the entry ended or will end; `ended_by` is set where a person removed the seller from the list.
    moment("ended_at", nullable=True),
    sa.Column("ended_by", sa.String(200), nullable=True),
    sa.PrimaryKeyConstraint("marketplace_id", "brand_id", "seller_external_id", "added_at"),
)

# Entries that wait for the brand's account manager; settled ones stay.
authorisation_request = tenant_table(
    "authorisation_request",
    "request_id",
    id_column("brand_id"),
    sa.Column("seller_external_id", EXTERNAL, nullable=False),
    moment("until", nullable=True),
    sa.Column("asked_by", sa.String(200), nullable=False),
    moment("asked_at"),
    sa.Column("settled_by", sa.String(200), nullable=True),
    sa.Column("accepted", sa.Boolean, nullable=True),
    within("brand_id", "brand_enrolment"),
    sa.Index("ix_authorisation_request_brand", "marketplace_id", "brand_id", "accepted"),
)

indicator = tenant_table(
    "counterfeit_indicator",
    "indicator_id",
    id_column("brand_id"),
    sa.Column("label", sa.String(200), nullable=False),
    sa.Column("pattern", sa.String(200), nullable=False),
    word("where_found", SearchedText),
    word("direction", Direction),
    moment("active_from"),
    moment("active_to", nullable=True),
    moment("known_at"),
    moment("removed_at", nullable=True),
    within("brand_id", "brand_enrolment"),
    sa.Index("ix_counterfeit_indicator_brand", "marketplace_id", "brand_id"),
)

# Messages between a brand's users and its account manager. An erased message keeps its writer and time.
brand_message = tenant_table(
    "brand_message",
    "message_id",
    id_column("brand_id"),
    word("side", MessageSide),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("text", sa.String(4000), nullable=False),
    moment("known_at"),
    moment("erased_at", nullable=True),
    within("brand_id", "brand_enrolment"),
    sa.Index("ix_brand_message_brand", "marketplace_id", "brand_id", "known_at"),
)

# The time up to which a person has read the messages of the other side.
brand_message_reading = sa.Table(
    "brand_message_reading",
    metadata,
    sa.Column("marketplace_id", ID, nullable=False),
    sa.Column("brand_id", ID, nullable=False),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("read_until"),
    within("brand_id", "brand_enrolment"),
    sa.PrimaryKeyConstraint("marketplace_id", "brand_id", "user_id"),
)

brand_list_price = sa.Table(
    "brand_list_price",
    metadata,
    id_column("marketplace_id"),
    id_column("brand_id"),
    word("listed_by", ListedBy),
    sa.Column("list_key", sa.String(500), nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("valid_from", sa.String(10), nullable=False),
    sa.Column("name", sa.String(500), nullable=False),
    sa.Column("amount_minor", sa.BigInteger, nullable=False),
    sa.Column("source", sa.String(200), nullable=False),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    sa.PrimaryKeyConstraint(
        "marketplace_id", "brand_id", "listed_by", "list_key", "currency", "valid_from", "known_at"
    ),
)

# Other names of a brand that corrections proposed: the support when the state last changed, and who decided.
alias_proposal = tenant_table(
    "alias_proposal",
    "proposal_id",
    id_column("brand_id"),
    sa.Column("spelling", sa.String(LONGEST_ALIAS), nullable=False),
    word("state", ProposalState),
    sa.Column("listings", sa.Integer, nullable=False),
    sa.Column("sellers", sa.Integer, nullable=False),
    sa.Column("people", sa.Integer, nullable=False),
    moment("proposed_at"),
    moment("decided_at", nullable=True),
    sa.Column("decided_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    # Set where an accepted alias was removed again.
    moment("removed_at", nullable=True),
    sa.Column("removed_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    within("brand_id", "brand_enrolment"),
    sa.Index("ix_alias_proposal_brand", "marketplace_id", "brand_id", "spelling"),
)


def _document_reference() -> sa.ForeignKeyConstraint:
    """A reference to a document of the same brand at the same marketplace."""
    columns = ("marketplace_id", "brand_id")
    return sa.ForeignKeyConstraint(
        [*columns, "document_digest"], [f"brand_document.{column}" for column in (*columns, "digest")]
    )


# Document bytes as supplied, once per brand and marketplace; rights and powers of attorney refer to them by digest.
brand_document = sa.Table(
    "brand_document",
    metadata,
    id_column("marketplace_id"),
    id_column("brand_id"),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("media_type", sa.String(40), nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("supplied_by", sa.String(200), nullable=False),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    sa.PrimaryKeyConstraint("marketplace_id", "brand_id", "digest"),
)

brand_right = tenant_table(
    "brand_right",
    "right_id",
    id_column("brand_id"),
    word("kind", RightKind),
    sa.Column("title", sa.String(200), nullable=False),
    sa.Column("office", sa.String(40), nullable=False),
    sa.Column("number", sa.String(40), nullable=False),
    sa.Column("classes", Json, nullable=False),
    sa.Column("territories", Json, nullable=False),
    word("state", RightState),
    sa.Column("document_digest", sa.String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at", nullable=True),
    sa.Column("claimed_by", sa.String(200), nullable=False),
    sa.Column("settled_by", sa.String(200), nullable=True),
    moment("settled_at", nullable=True),
    sa.Column("note", sa.String(500), nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_reference(),
    sa.UniqueConstraint("right_id"),
    sa.UniqueConstraint("marketplace_id", "brand_id", "kind", "office", "number"),
)

power_of_attorney = tenant_table(
    "power_of_attorney",
    "mandate_id",
    id_column("brand_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("agent", sa.String(200), nullable=False),
    sa.Column("kinds", Json, nullable=False),
    sa.Column("territories", Json, nullable=False),
    sa.Column("document_digest", sa.String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_reference(),
    sa.UniqueConstraint("mandate_id"),
    sa.Index("ix_power_of_attorney_person", "marketplace_id", "brand_id", "user_id"),
)

# The right that carried a brand's confirmation, in the wording of that time: rights end, and the proof stays.
notice_basis = tenant_table(
    "notice_basis",
    "verdict_id",
    id_column("right_id"),
    sa.Column("mandate_ids", Json, nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("policy_version", sa.String(80), nullable=False),
    moment("known_at"),
    within("verdict_id", "verdict"),
    within("right_id", "brand_right"),
)
