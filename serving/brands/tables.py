"""The tables of brands."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from features.indicators import Direction, SearchedText
from features.price_lists import ListedBy
from serving.brands.policy import LONGEST_ALIAS
from serving.brands.rules.alias_proposals import ProposalState
from serving.brands.rules.authorisation import MessageSide
from serving.brands.rules.certification import CertificationMethod
from serving.brands.rules.rights import RightKind, RightState
from serving.platform.database.schema import EXTERNAL, ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import Json

brand = Table(
    "brand",
    metadata,
    Column("brand_id", ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("aliases", Json, nullable=False),
    Column("gtin_prefixes", Json, nullable=False),
    moment("created_at"),
)

brand_enrolment = Table(
    "brand_enrolment",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("takes_part", Boolean, nullable=False),
    Column("account_manager_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("daily_questions", Integer, nullable=True),
    # The figure of its contract, and a higher one that waits for a second person.
    Column("contract_day", Integer, nullable=True),
    Column("proposed_day", Integer, nullable=True),
    moment("enrolled_at"),
    PrimaryKeyConstraint("marketplace_id", "brand_id"),
)

certification_attempt = Table(
    "certification_attempt",
    metadata,
    Column("attempt_id", ID, primary_key=True),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("how", CertificationMethod),
    Column("questions", String(80), nullable=False),
    Column("answers", Json, nullable=False),
    Column("right_answers", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
    moment("known_at"),
    Index("ix_certification_attempt_user_id", "user_id", "known_at"),
)

authorised_seller = Table(
    "authorised_seller",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("seller_external_id", EXTERNAL, nullable=False),
    moment("added_at"),
    Column("added_by", String(200), nullable=False),
    # When the entry ended or will end; `ended_by` is set where a person removed the seller from the list.
    moment("ended_at", nullable=True),
    Column("ended_by", String(200), nullable=True),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "seller_external_id", "added_at"),
)

# Entries that wait for the brand's account manager; settled ones stay.
authorisation_request = tenant_table(
    "authorisation_request",
    "request_id",
    id_column("brand_id"),
    Column("seller_external_id", EXTERNAL, nullable=False),
    moment("until", nullable=True),
    Column("asked_by", String(200), nullable=False),
    moment("asked_at"),
    Column("settled_by", String(200), nullable=True),
    Column("accepted", Boolean, nullable=True),
    within("brand_id", "brand_enrolment"),
    Index("ix_authorisation_request_brand", "marketplace_id", "brand_id", "accepted"),
)

indicator = tenant_table(
    "counterfeit_indicator",
    "indicator_id",
    id_column("brand_id"),
    Column("label", String(200), nullable=False),
    Column("pattern", String(200), nullable=False),
    word("where_found", SearchedText),
    word("direction", Direction),
    moment("active_from"),
    moment("active_to", nullable=True),
    moment("known_at"),
    moment("removed_at", nullable=True),
    within("brand_id", "brand_enrolment"),
    Index("ix_counterfeit_indicator_brand", "marketplace_id", "brand_id"),
)

# Messages between a brand's users and its account manager. An erased message keeps its writer and time.
brand_message = tenant_table(
    "brand_message",
    "message_id",
    id_column("brand_id"),
    word("side", MessageSide),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("text", String(4000), nullable=False),
    moment("known_at"),
    moment("erased_at", nullable=True),
    within("brand_id", "brand_enrolment"),
    Index("ix_brand_message_brand", "marketplace_id", "brand_id", "known_at"),
)

# The time up to which a person has read the messages of the other side.
brand_message_reading = Table(
    "brand_message_reading",
    metadata,
    Column("marketplace_id", ID, nullable=False),
    Column("brand_id", ID, nullable=False),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    moment("read_until"),
    within("brand_id", "brand_enrolment"),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "user_id"),
)

brand_list_price = Table(
    "brand_list_price",
    metadata,
    id_column("marketplace_id"),
    id_column("brand_id"),
    word("listed_by", ListedBy),
    Column("list_key", String(500), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("name", String(500), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("source", String(200), nullable=False),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "listed_by", "list_key", "currency", "valid_from", "known_at"),
)

# Other names of a brand that corrections proposed: the support when the state last changed, and who decided.
alias_proposal = tenant_table(
    "alias_proposal",
    "proposal_id",
    id_column("brand_id"),
    Column("spelling", String(LONGEST_ALIAS), nullable=False),
    word("state", ProposalState),
    Column("listings", Integer, nullable=False),
    Column("sellers", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    moment("proposed_at"),
    moment("decided_at", nullable=True),
    Column("decided_by", ID, ForeignKey("account.user_id"), nullable=True),
    # Set where an accepted alias was removed again.
    moment("removed_at", nullable=True),
    Column("removed_by", ID, ForeignKey("account.user_id"), nullable=True),
    within("brand_id", "brand_enrolment"),
    Index("ix_alias_proposal_brand", "marketplace_id", "brand_id", "spelling"),
)


def _document_reference() -> ForeignKeyConstraint:
    """A reference to a document of the same brand at the same marketplace."""
    columns = ("marketplace_id", "brand_id")
    return ForeignKeyConstraint(
        [*columns, "document_digest"], [f"brand_document.{column}" for column in (*columns, "digest")]
    )


# Document bytes as supplied, once per brand and marketplace; rights and powers of attorney refer to them by digest.
brand_document = Table(
    "brand_document",
    metadata,
    id_column("marketplace_id"),
    id_column("brand_id"),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("supplied_by", String(200), nullable=False),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "digest"),
)

brand_right = tenant_table(
    "brand_right",
    "right_id",
    id_column("brand_id"),
    word("kind", RightKind),
    Column("title", String(200), nullable=False),
    Column("office", String(40), nullable=False),
    Column("number", String(40), nullable=False),
    Column("classes", Json, nullable=False),
    Column("territories", Json, nullable=False),
    word("state", RightState),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at", nullable=True),
    Column("claimed_by", String(200), nullable=False),
    Column("settled_by", String(200), nullable=True),
    moment("settled_at", nullable=True),
    Column("note", String(500), nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_reference(),
    UniqueConstraint("right_id"),
    UniqueConstraint("marketplace_id", "brand_id", "kind", "office", "number"),
)

power_of_attorney = tenant_table(
    "power_of_attorney",
    "mandate_id",
    id_column("brand_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("kinds", Json, nullable=False),
    Column("territories", Json, nullable=False),
    Column("document_digest", String(64), nullable=True),
    moment("begins_at"),
    moment("expires_at"),
    moment("revoked_at", nullable=True),
    moment("known_at"),
    within("brand_id", "brand_enrolment"),
    _document_reference(),
    UniqueConstraint("mandate_id"),
    Index("ix_power_of_attorney_person", "marketplace_id", "brand_id", "user_id"),
)

# The right that carried a brand's confirmation, in the wording of that time: rights end, and the proof stays.
notice_basis = tenant_table(
    "notice_basis",
    "verdict_id",
    id_column("right_id"),
    Column("mandate_ids", Json, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("policy_version", String(80), nullable=False),
    moment("known_at"),
    within("verdict_id", "verdict"),
    within("right_id", "brand_right"),
)
