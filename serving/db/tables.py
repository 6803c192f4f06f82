"""The tables. Only modules of `serving.db` import them.

Every business row carries its marketplace, and keys are composite, so that the database itself refuses a reference
from one marketplace into another.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from serving.db.types import Compressed, Json, UtcTime

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

_ID = String(40)
_EXTERNAL = String(200)


def _id(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, _ID, nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, UtcTime, nullable=nullable)


def _word(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, String(40), nullable=nullable)


def _tenant(name: str, key: str, *parts: Any) -> Table:
    """A table of rows that belong to one marketplace, keyed by (marketplace, id)."""
    return Table(
        name,
        metadata,
        Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
        _id(key),
        *parts,
        PrimaryKeyConstraint("marketplace_id", key),
    )


def _within(column: str, table: str, key: str | None = None) -> ForeignKeyConstraint:
    """A reference that stays inside the marketplace."""
    return ForeignKeyConstraint(["marketplace_id", column], [f"{table}.marketplace_id", f"{table}.{key or column}"])


def _one_of(column: str, *values: str) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


# Who is here.

marketplace = Table(
    "marketplace",
    metadata,
    Column("marketplace_id", _ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("base_currency", String(3), nullable=False),
    # Where it sells, as ISO 3166 codes or EU; empty where it has not said.
    Column("sold_in", Json, nullable=True),
    _at("seller_events_since", nullable=True),
    _at("created_at"),
)

account = Table(
    "account",
    metadata,
    Column("user_id", _ID, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    # Who asked them in by a link; empty for whom the owner of the home added.
    Column("asked_in_by", _ID, ForeignKey("account.user_id"), nullable=True),
    _at("created_at"),
    _at("signed_in_at", nullable=True),
    _at("disabled_at", nullable=True),
)

brand = Table(
    "brand",
    metadata,
    Column("brand_id", _ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("aliases", Json, nullable=False),
    Column("gtin_prefixes", Json, nullable=False),
    _at("created_at"),
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("role"),
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("leads", Boolean, nullable=False, server_default=false()),
    _at("created_at"),
    UniqueConstraint("user_id", "role", "marketplace_id", "brand_id"),
    _one_of("role", "analyst", "brand", "account_manager", "data_scientist", "admin"),
)

browser_session = Table(
    "browser_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False, index=True),
    Column("csrf_token", String(64), nullable=False),
    _at("created_at"),
    _at("expires_at"),
)

display_setting = Table(
    "display_setting",
    metadata,
    Column("user_id", _ID, ForeignKey("account.user_id"), primary_key=True),
    Column("time_zone", String(64), nullable=False),
    _word("language"),
    _word("density"),
    Column("letter_keys", Boolean, nullable=False),
    _word("theme"),
    _at("changed_at"),
    _one_of("language", "en", "zh", "ru", "es"),
    _one_of("density", "comfortable", "roomy"),
    _one_of("theme", "auto", "light", "dark"),
)

setup_token = Table(
    "setup_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    _at("created_at"),
    _at("used_at", nullable=True),
)

tour_seen = Table(
    "tour_seen",
    metadata,
    _id("user_id"),
    _word("role"),
    _at("seen_at"),
    ForeignKeyConstraint(["user_id"], ["account.user_id"]),
    PrimaryKeyConstraint("user_id", "role"),
    _one_of("role", "analyst", "brand", "account_manager", "data_scientist", "admin"),
)

invitation = _tenant(
    "invitation",
    "invitation_id",
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(320), nullable=False),
    _word("role"),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("leads", Boolean, nullable=False),
    Column("invited_by", _ID, ForeignKey("account.user_id"), nullable=False),
    _at("invited_at"),
    _at("expires_at"),
    _at("used_at", nullable=True),
    _at("withdrawn_at", nullable=True),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=True),
    _one_of("role", "analyst", "brand", "account_manager", "data_scientist", "admin"),
)

reset_link = Table(
    "reset_link",
    metadata,
    _id("link_id"),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    # Empty where the owner of the home made it.
    Column("made_by", _ID, ForeignKey("account.user_id"), nullable=True),
    _at("made_at"),
    _at("expires_at"),
    _at("used_at", nullable=True),
    _at("ended_at", nullable=True),
    PrimaryKeyConstraint("link_id"),
    Index("ix_reset_link_user_id", "user_id"),
)

api_key = Table(
    "api_key",
    metadata,
    Column("key_id", _ID, primary_key=True),
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    _at("created_at"),
    _at("revoked_at", nullable=True),
)

webhook_endpoint = _tenant(
    "webhook_endpoint",
    "endpoint_id",
    Column("url", String(2000), nullable=False),
    Column("status_url", String(2000), nullable=True),
    Column("secret", String(200), nullable=False),
    Column("previous_secret", String(200), nullable=True),
    _at("previous_until", nullable=True),
    Column("allow_loopback", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    _at("failing_since", nullable=True),
    _at("rests_until", nullable=True),
    _at("created_at"),
    _at("disabled_at", nullable=True),
)

brand_enrolment = Table(
    "brand_enrolment",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("takes_part", Boolean, nullable=False),
    Column("account_manager_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("daily_questions", Integer, nullable=True),
    _at("enrolled_at"),
    _at("full_since", nullable=True),
    PrimaryKeyConstraint("marketplace_id", "brand_id"),
)

briefing_attempt = Table(
    "briefing_attempt",
    metadata,
    Column("attempt_id", _ID, primary_key=True),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("how"),
    Column("questions", String(80), nullable=False),
    Column("answers", Json, nullable=False),
    Column("right_answers", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
    _at("known_at"),
    _one_of("how", "answered", "vouched", "carried_over"),
    Index("ix_briefing_attempt_user_id", "user_id", "known_at"),
)

authorised_seller = Table(
    "authorised_seller",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _at("added_at"),
    Column("added_by", String(200), nullable=False),
    # When it ended or will end; `ended_by` is set where somebody took the seller off the list.
    _at("ended_at", nullable=True),
    Column("ended_by", String(200), nullable=True),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "seller_external_id", "added_at"),
)

# Bytes as they were supplied, once for a brand; rights and powers of attorney name them by their digest.
brand_document = Table(
    "brand_document",
    metadata,
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("supplied_by", String(200), nullable=False),
    _at("known_at"),
    PrimaryKeyConstraint("brand_id", "digest"),
)

brand_right = Table(
    "brand_right",
    metadata,
    Column("right_id", _ID, primary_key=True),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    _word("kind"),
    Column("title", String(200), nullable=False),
    Column("office", String(40), nullable=False),
    Column("number", String(40), nullable=False),
    Column("classes", Json, nullable=False),
    Column("territories", Json, nullable=False),
    _word("state"),
    Column("document_digest", String(64), nullable=True),
    _at("begins_at"),
    _at("expires_at", nullable=True),
    Column("claimed_by", String(200), nullable=False),
    Column("settled_by", String(200), nullable=True),
    _at("settled_at", nullable=True),
    Column("note", String(500), nullable=True),
    _at("known_at"),
    ForeignKeyConstraint(["brand_id", "document_digest"], ["brand_document.brand_id", "brand_document.digest"]),
    UniqueConstraint("brand_id", "kind", "office", "number"),
    _one_of("kind", "mark", "design", "copyright"),
    _one_of("state", "claimed", "verified", "refused", "withdrawn", "carried_over"),
)

power_of_attorney = Table(
    "power_of_attorney",
    metadata,
    Column("mandate_id", _ID, primary_key=True),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("kinds", Json, nullable=False),
    Column("territories", Json, nullable=False),
    Column("document_digest", String(64), nullable=True),
    _at("begins_at"),
    _at("expires_at"),
    _at("revoked_at", nullable=True),
    _at("known_at"),
    ForeignKeyConstraint(["brand_id", "document_digest"], ["brand_document.brand_id", "brand_document.digest"]),
    Index("ix_power_of_attorney_person", "brand_id", "user_id"),
)

tell_tale = _tenant(
    "tell_tale",
    "tell_tale_id",
    _id("brand_id"),
    Column("label", String(200), nullable=False),
    Column("pattern", String(200), nullable=False),
    _word("where_found"),
    _word("direction"),
    _at("active_from"),
    _at("active_to", nullable=True),
    _at("known_at"),
    _at("removed_at", nullable=True),
    _within("brand_id", "brand_enrolment"),
    _one_of("where_found", "title", "description", "any"),
    _one_of("direction", "counterfeit", "genuine"),
    Index("ix_tell_tale_brand", "marketplace_id", "brand_id"),
)

# What a brand's people and its account manager write to each other. An erased message keeps who wrote it and when.
brand_message = _tenant(
    "brand_message",
    "message_id",
    _id("brand_id"),
    _word("side"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("said", String(4000), nullable=False),
    _at("known_at"),
    _at("erased_at", nullable=True),
    _within("brand_id", "brand_enrolment"),
    _one_of("side", "brand", "manager"),
    Index("ix_brand_message_brand", "marketplace_id", "brand_id", "known_at"),
)

# Up to when somebody has read what the other side wrote.
brand_message_reading = Table(
    "brand_message_reading",
    metadata,
    Column("marketplace_id", _ID, nullable=False),
    Column("brand_id", _ID, nullable=False),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _at("read_until"),
    _within("brand_id", "brand_enrolment"),
    PrimaryKeyConstraint("marketplace_id", "brand_id", "user_id"),
)

# What was offered.

seller = _tenant(
    "seller",
    "seller_id",
    Column("external_id", _EXTERNAL, nullable=False),
    _at("first_known_at"),
    UniqueConstraint("marketplace_id", "external_id"),
)

seller_event = _tenant(
    "seller_event",
    "event_id",
    Column("source_event_id", _EXTERNAL, nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("kind"),
    Column("listing_external_id", _EXTERNAL, nullable=True),
    Column("amount_minor", BigInteger, nullable=True),
    Column("currency", String(3), nullable=True),
    _at("occurred_at"),
    _at("known_at"),
    UniqueConstraint("marketplace_id", "source_event_id"),
    _one_of("kind", "sale", "return", "fake_return", "rating"),
    Index("ix_seller_event_window", "marketplace_id", "seller_external_id", "occurred_at"),
)

listing = _tenant(
    "listing",
    "listing_id",
    Column("external_id", _EXTERNAL, nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=True),
    _id("version_id"),
    Column("version", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("observed_hash", String(64), nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    _at("first_known_at"),
    UniqueConstraint("marketplace_id", "external_id"),
    Index("ix_listing_seller", "marketplace_id", "seller_external_id", "first_known_at"),
    Index("ix_listing_current", "marketplace_id", "version_id"),
)

listing_version = _tenant(
    "listing_version",
    "version_id",
    _id("listing_id"),
    Column("number", Integer, nullable=False),
    Column("content_hash", String(64), nullable=False),
    Column("content", Json, nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=True),
    Column("price_minor", BigInteger, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("log_price", Float, nullable=True),
    Column("previous_log_price", Float, nullable=True),
    Column("earlier_prices", Json, nullable=True),  # Always filled; SQLite adds no NOT NULL column without a default.
    Column("draw", Float, nullable=False),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("brand_key", String(200), nullable=False),
    Column("category_key", String(500), nullable=False),
    Column("protected", Boolean, nullable=False, server_default=false()),
    _at("occurred_at"),
    _at("known_at"),
    _within("listing_id", "listing"),
    UniqueConstraint("marketplace_id", "listing_id", "number"),
    Index("ix_listing_version_known", "marketplace_id", "known_at"),
    Index("ix_listing_version_seller", "marketplace_id", "seller_external_id", "known_at"),
)

text_signature = _tenant(
    "text_signature",
    "version_id",
    # The first version of the offer with this text: a change of price alone is no other text.
    _id("text_id"),
    Column("signature", LargeBinary, nullable=False),
    _within("version_id", "listing_version"),
    _within("text_id", "text_signature", "version_id"),
)


def _bands(name: str) -> Table:
    """Texts by the keys under which like ones meet, in the order of their receipt."""
    return Table(
        name,
        metadata,
        _id("marketplace_id"),
        Column("band", BigInteger, nullable=False),
        _id("text_id"),
        PrimaryKeyConstraint("marketplace_id", "band", "text_id"),
        _within("text_id", "text_signature", "version_id"),
        sqlite_with_rowid=False,
    )


text_band = _bands("text_band")
# Texts on which somebody gave a verdict, so that no flood of copies can hide them.
judged_band = _bands("judged_band")

# Personal data in no readable form: the token is a keyed hash of the contact, the key lies outside the database.
seller_contact = Table(
    "seller_contact",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("token", String(64), nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("kind"),
    _word("key_id"),
    _at("occurred_at"),
    _at("known_at"),
    PrimaryKeyConstraint("marketplace_id", "token", "seller_external_id"),
    _one_of("kind", "phone", "email", "handle", "payout", "address"),
    Index("ix_seller_contact_earliest", "marketplace_id", "token", "known_at", "seller_external_id"),
    Index("ix_seller_contact_seller", "marketplace_id", "seller_external_id"),
)
observation = _tenant(
    "observation",
    "observation_id",
    _id("listing_id"),
    _id("version_id"),
    Column("observed", Json, nullable=False),
    _at("occurred_at"),
    _at("known_at"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    Index("ix_observation_listing", "marketplace_id", "listing_id", "known_at"),
)

quarantine = _tenant(
    "quarantine",
    "quarantine_id",
    Column("source", String(200), nullable=False),
    Column("code", String(40), nullable=False),
    Column("field", String(200), nullable=False),
    Column("sentence", String(500), nullable=False),
    Column("row_hash", String(64), nullable=False),
    Column("row_length", BigInteger, nullable=False),
    Column("row_head", Text, nullable=False),
    _at("known_at"),
    # With the code, so that what was refused is counted without reading the rows themselves.
    Index("ix_quarantine_known", "marketplace_id", "known_at", "code"),
)

# What was thought of it.

facts = Table(
    "facts",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("schema", Integer, nullable=False),
    Column("body", Compressed, nullable=False),
    PrimaryKeyConstraint("marketplace_id", "digest"),
)

score = _tenant(
    "score",
    "score_id",
    _id("listing_id"),
    _id("version_id"),
    Column("facts_digest", String(64), nullable=False),
    _word("kind"),
    Column("value", Float, nullable=False),
    Column("probability", Float, nullable=True),
    Column("scorer", String(80), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("reasons", Json, nullable=False),
    _word("lane"),
    Column("route_reasons", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    Column("inclusion_probability", Float, nullable=False),
    _at("scored_at"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    ForeignKeyConstraint(["marketplace_id", "facts_digest"], ["facts.marketplace_id", "facts.digest"]),
    _one_of("kind", "scorecard", "calibrated"),
    _one_of("lane", "release", "analyst", "ask_brand", "audit", "insufficient_evidence"),
    Index("ix_score_version", "marketplace_id", "version_id", "scored_at"),
    Index("ix_score_lane", "marketplace_id", "lane"),
    # With the lane, so that volumes over months are counted from the index alone.
    Index("ix_score_scored", "marketplace_id", "scored_at", "lane"),
)

# A second look changes nothing for the offer, so it stands beside the one case that does.
_DECIDES_OPEN = text("state = 'open' AND lane <> 'second_look'")
_SECOND_LOOK = text("lane = 'second_look' AND known_answer IS NULL")
_IS_OPEN = text("state = 'open'")
_IS_ASIDE = text("state = 'open' AND aside_until IS NOT NULL")
_KNOWN = text("known_answer IS NOT NULL")
# In the order of the queue, with all that it is filtered by: a page, a count and the next case read nothing else.
_SHOWN_OPEN = (
    "case_id",
    "marketplace_id",
    "listing_id",
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
    "aside_until",
    "score_hidden",
)

review_case = _tenant(
    "review_case",
    "case_id",
    _id("listing_id"),
    _id("version_id"),
    _id("score_id"),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    _word("lane"),
    _word("state"),
    Column("priority", Float, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Column("leased_by", _ID, ForeignKey("account.user_id"), nullable=True),
    _at("leased_until", nullable=True),
    _at("opened_at"),
    _at("due_at"),
    _at("decided_at", nullable=True),
    _id("follows_case_id", nullable=True),
    Column("question_returned", Boolean, nullable=False, default=False),
    # What queues are filtered by, copied from the version and the score: neither becomes another while a case is open.
    Column("seller_external_id", _EXTERNAL, nullable=True),
    Column("language", String(35), nullable=True),
    Column("chance", Float, nullable=True),
    Column("points", Float, nullable=True),
    Column("relisted", Boolean, nullable=False, server_default=false()),
    # 1 counterfeit or 0: what is beyond dispute of the offer. Nobody who judges it is told.
    Column("known_answer", Integer, nullable=True),
    # The chance with which the score was to be hidden from the reviewer; none where its judge is never shown it.
    Column("score_hidden", Boolean, nullable=False, server_default=false()),
    Column("hidden_share", Float, nullable=True),
    # Out of the queue until then, or until anything new is heard of the offer.
    _at("aside_until", nullable=True),
    Column("wakes_on_news", Boolean, nullable=False, server_default=false()),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    _within("score_id", "score"),
    _within("follows_case_id", "review_case", "case_id"),
    _one_of("lane", "ask_brand", "analyst", "audit", "insufficient_evidence", "appeal", "complaint", "second_look"),
    _one_of("state", "open", "decided", "stale"),
    Index(
        "ux_review_case_one_open",
        "marketplace_id",
        "listing_id",
        unique=True,
        sqlite_where=_DECIDES_OPEN,
        postgresql_where=_DECIDES_OPEN,
    ),
    Index(
        "ux_review_case_one_second_look",
        "marketplace_id",
        "version_id",
        unique=True,
        sqlite_where=_SECOND_LOOK,
        postgresql_where=_SECOND_LOOK,
    ),
    Index("ix_review_case_queue", "marketplace_id", "state", "lane", "priority"),
    Index("ix_review_case_brand", "marketplace_id", "brand_id", "state"),
    Index("ix_review_case_age", "marketplace_id", "state", "lane", "opened_at", "due_at"),
    Index(
        "ix_review_case_language",
        "marketplace_id",
        "language",
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    ),
    # By the offer first: what else would be looked up holds almost all open cases.
    Index(
        "ix_review_case_offer",
        "listing_id",
        "marketplace_id",
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    ),
    Index("ix_review_case_known", "marketplace_id", "opened_at", sqlite_where=_KNOWN, postgresql_where=_KNOWN),
    Index("ix_review_case_newest", "opened_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("ix_review_case_aside", "aside_until", sqlite_where=_IS_ASIDE, postgresql_where=_IS_ASIDE),
    Index("ix_review_case_due", "lane", "due_at", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("ix_review_case_leased", "leased_by", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
    Index("ix_review_case_sold_by", "seller_external_id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
)
Index(
    "ix_review_case_open",
    review_case.c.priority.desc(),
    *(review_case.c[name] for name in _SHOWN_OPEN),
    sqlite_where=_IS_OPEN,
    postgresql_where=_IS_OPEN,
)

# The words under which offers and sellers are found; each engine has an index of them beside it (`serving.db.search`).
search_entry = Table(
    "search_entry",
    metadata,
    Column("entry_number", Integer, primary_key=True),
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    _word("kind"),
    Column("external_id", _EXTERNAL, nullable=False),
    Column("words", Text, nullable=False),
    Column("seller_words", Text, nullable=False),
    UniqueConstraint("marketplace_id", "kind", "external_id"),
    _one_of("kind", "listing", "seller"),
)

# A person's own filters of the queue, by their names.
saved_filter = Table(
    "saved_filter",
    metadata,
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("name", String(60), nullable=False),
    Column("query", String(500), nullable=False),
    _at("saved_at"),
    PrimaryKeyConstraint("user_id", "name"),
)

case_offer = _tenant(
    "case_offer",
    "case_id",
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _at("offered_at"),
    _at("until"),
    _within("case_id", "review_case"),
    Index("ix_case_offer_until", "marketplace_id", "until"),
)

case_event = _tenant(
    "case_event",
    "event_id",
    _id("case_id"),
    Column("what", String(200), nullable=False),
    Column("actor", String(200), nullable=False),
    _at("known_at"),
    _within("case_id", "review_case"),
    Index("ix_case_event_case", "marketplace_id", "case_id", "known_at"),
)

# What time brought to a question and its deadline, each step once.
question_step = Table(
    "question_step",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    _id("case_id"),
    _word("step"),
    _at("due_at"),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("account_manager_id", _ID, ForeignKey("account.user_id"), nullable=True),
    _at("taken_at"),
    _within("case_id", "review_case"),
    PrimaryKeyConstraint("marketplace_id", "case_id", "step", "due_at"),
    _one_of("step", "reminded", "escalated", "unanswered"),
    Index("ix_question_step_brand", "marketplace_id", "brand_id", "taken_at"),
)

verdict = _tenant(
    "verdict",
    "verdict_id",
    _id("case_id"),
    _id("listing_id"),
    _id("version_id"),
    _word("judgement"),
    _word("reason_code", nullable=True),
    _word("side"),
    Column("evidence", String(40), nullable=False, server_default="offer"),
    _word("lane"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    _id("supersedes_id", nullable=True),
    Column("note", String(2000), nullable=True),
    # A brand's 'counterfeit' that decided nothing, because its standing was lost: an analyst's word is what stands.
    Column("passed_on", Boolean, nullable=False, server_default=false()),
    _at("occurred_at"),
    _at("known_at"),
    _within("case_id", "review_case"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    _within("supersedes_id", "verdict", "verdict_id"),
    _one_of(
        "judgement",
        "counterfeit",
        "genuine",
        "grey_market",
        "licensed",
        "cannot_tell",
        "needs_test_buy",
        "withdrawn",
    ),
    _one_of("side", "analyst", "brand"),
    _one_of("evidence", "offer", "test_buy"),
    UniqueConstraint("marketplace_id", "supersedes_id"),
    Index("ix_verdict_listing", "marketplace_id", "listing_id", "known_at"),
    Index("ix_verdict_case", "marketplace_id", "case_id"),
    Index("ix_verdict_person", "user_id", "known_at"),
    Index("ix_verdict_brand", "marketplace_id", "brand_id", "known_at"),
)

_RUNNING = text("closed_at IS NULL")

test_buy = _tenant(
    "test_buy",
    "test_buy_id",
    _id("case_id"),
    _id("version_id"),
    _word("state"),
    Column("holder", String(200), nullable=True),
    Column("entries", Integer, nullable=False),
    Column("order_reference", String(200), nullable=False),
    Column("cost_minor", BigInteger, nullable=True),
    Column("currency", String(3), nullable=True),
    Column("ordered_by", _ID, ForeignKey("account.user_id"), nullable=False),
    _at("ordered_at"),
    _at("due_at"),
    _at("closed_at", nullable=True),
    _id("verdict_id", nullable=True),
    _within("case_id", "review_case"),
    _within("version_id", "listing_version"),
    _within("verdict_id", "verdict"),
    _one_of("state", "ordered", "received", "inspected", "closed", "cancelled"),
    Index(
        "ux_test_buy_one_running",
        "marketplace_id",
        "case_id",
        unique=True,
        sqlite_where=_RUNNING,
        postgresql_where=_RUNNING,
    ),
)

# Who had the goods, line by line; appended and never changed, and the audit log's chain holds every line's words.
custody_entry = _tenant(
    "custody_entry",
    "entry_id",
    _id("test_buy_id"),
    Column("number", Integer, nullable=False),
    _word("event"),
    Column("holder", String(200), nullable=True),
    Column("said", String(2000), nullable=False),
    Column("recorded_by", String(200), nullable=False),
    _at("occurred_at"),
    _at("known_at"),
    _within("test_buy_id", "test_buy"),
    UniqueConstraint("marketplace_id", "test_buy_id", "number"),
)

_LEVELS = ("self_service", "full", "provisional", "capped", "suspended")

# Under what standing a brand's 'counterfeit' was given, and with what chance it was drawn to be looked at again.
confirmation = _tenant(
    "confirmation",
    "verdict_id",
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    _word("level"),
    Column("policy_version", String(80), nullable=False),
    Column("audit_chance", Float, nullable=False),
    Column("drawn", Boolean, nullable=False),
    _id("audit_case_id", nullable=True),
    _at("known_at"),
    _within("verdict_id", "verdict"),
    _within("audit_case_id", "review_case", "case_id"),
    _one_of("level", *_LEVELS),
    Index("ix_confirmation_brand", "marketplace_id", "brand_id", "known_at"),
    Index("ix_confirmation_waiting", "drawn", "audit_case_id", "known_at"),
)

# Which right carried a brand's 'counterfeit', in the words of that moment: rights end, and the proof stays.
notice_basis = _tenant(
    "notice_basis",
    "verdict_id",
    Column("right_id", _ID, ForeignKey("brand_right.right_id"), nullable=False),
    Column("mandate_ids", Json, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("policy_version", String(80), nullable=False),
    _at("known_at"),
    _within("verdict_id", "verdict"),
)

standing_change = _tenant(
    "standing_change",
    "change_id",
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    _word("level"),
    Column("warned", Boolean, nullable=False),
    _at("since"),
    Column("counts", Json, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    _at("known_at"),
    _one_of("level", *_LEVELS),
    Index("ix_standing_change_brand", "marketplace_id", "brand_id", "known_at"),
)

# What was done about it.

_UNSETTLED = text("state IN ('held', 'scheduled', 'sending', 'dead')")

action = _tenant(
    "action",
    "action_id",
    _id("listing_id"),
    _id("verdict_id"),
    _word("kind"),
    _word("state"),
    Column("sequence", Integer, nullable=False),
    Column("statement", Json, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("random_delay_seconds", Integer, nullable=False, server_default="0"),
    _at("created_at"),
    _at("leaves_at"),
    _at("due_at", nullable=True),
    _at("sent_at", nullable=True),
    _at("acknowledged_at", nullable=True),
    Column("last_error", String(500), nullable=True),
    _within("listing_id", "listing"),
    _within("verdict_id", "verdict"),
    UniqueConstraint("marketplace_id", "listing_id", "sequence"),
    _one_of("kind", "remove", "reinstate"),
    _one_of("state", "held", "scheduled", "withdrawn", "sending", "acknowledged", "dead"),
    Index(
        "ux_action_one_open",
        "marketplace_id",
        "listing_id",
        "kind",
        unique=True,
        sqlite_where=_UNSETTLED,
        postgresql_where=_UNSETTLED,
    ),
    Index("ix_action_due", "state", "due_at"),
    Index("ix_action_acknowledged", "kind", "acknowledged_at"),
    Index("ix_action_created", "marketplace_id", "created_at"),
    Index("ix_action_state", "marketplace_id", "state", "kind"),
)

# Whether an offer is gone whose removal was acknowledged. Without a status address there is no row.
removal_check = _tenant(
    "removal_check",
    "action_id",
    _word("state"),
    Column("looks", Integer, nullable=False, server_default="0"),
    _at("acknowledged_at"),
    _at("due_at", nullable=True),
    _at("looked_at", nullable=True),
    _at("gone_at", nullable=True),
    Column("seconds_to_removal", Float, nullable=True),
    Column("last_error", String(500), nullable=True),
    _within("action_id", "action"),
    _one_of("state", "asked", "gone", "still_shown", "unknown", "given_back"),
    Index("ix_removal_check_due", "due_at"),
    Index("ix_removal_check_state", "marketplace_id", "state"),
)

# What was held, what for, and what became of it. The row stays: what people let go is nobody's own pace.
case_wait = _tenant(
    "case_wait",
    "wait_id",
    _id("case_id"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("kind"),
    Column("missing", String(500), nullable=True),
    Column("asked", String(500), nullable=True),
    _at("until"),
    Column("on_news", Boolean, nullable=False),
    _at("known_at"),
    _within("case_id", "review_case"),
    _one_of("kind", "snoozed", "needs_information"),
    Index("ix_case_wait_case", "marketplace_id", "case_id", "known_at"),
)

case_note = _tenant(
    "case_note",
    "note_id",
    _id("case_id"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    Column("said", String(2000), nullable=False),
    _at("known_at"),
    _within("case_id", "review_case"),
    Index("ix_case_note_case", "marketplace_id", "case_id", "known_at"),
)

note_mention = Table(
    "note_mention",
    metadata,
    _id("marketplace_id"),
    _id("note_id"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _at("seen_at", nullable=True),
    _within("note_id", "case_note"),
    PrimaryKeyConstraint("marketplace_id", "note_id", "user_id"),
    Index("ix_note_mention_person", "user_id", "seen_at"),
)

bulk_verdict = _tenant(
    "bulk_verdict",
    "bulk_id",
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("judgement"),
    _at("known_at"),
    UniqueConstraint("bulk_id"),
)

# As with takedown_item, what was sent is kept as it came.
bulk_item = Table(
    "bulk_item",
    metadata,
    _id("marketplace_id"),
    _id("bulk_id"),
    Column("number", Integer, nullable=False),
    _id("case_id"),
    _id("version_id"),
    _id("verdict_id", nullable=True),
    _word("made"),
    Column("reason", String(500), nullable=False),
    _within("bulk_id", "bulk_verdict"),
    _within("verdict_id", "verdict"),
    PrimaryKeyConstraint("marketplace_id", "bulk_id", "number"),
    _one_of("made", "recorded", "refused"),
)

takedown_request = _tenant(
    "takedown_request",
    "request_id",
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("right_id", _ID, ForeignKey("brand_right.right_id"), nullable=False),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("reason_code"),
    Column("policy_version", String(80), nullable=False),
    _at("known_at"),
    Index("ix_takedown_request_known_at", "marketplace_id", "brand_id", "known_at"),
)

# A case that was refused need not exist, so what was sent is kept as it came and refers to nothing.
takedown_item = Table(
    "takedown_item",
    metadata,
    _id("marketplace_id"),
    _id("request_id"),
    Column("number", Integer, nullable=False),
    _id("case_id"),
    _id("version_id"),
    _id("verdict_id", nullable=True),
    _word("fate"),
    Column("reason", String(500), nullable=False),
    _within("request_id", "takedown_request"),
    _within("verdict_id", "verdict"),
    PrimaryKeyConstraint("marketplace_id", "request_id", "number"),
    _one_of("fate", "leaves", "held", "passed_on", "refused"),
)

action_hold = _tenant(
    "action_hold",
    "action_id",
    Column("causes", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    _at("held_at"),
    _at("settled_at", nullable=True),
    _word("settled_as", nullable=True),
    _within("action_id", "action"),
    _one_of("settled_as", "release", "withdraw", "undo"),
    Index("ix_action_hold_waiting", "marketplace_id", "settled_at", "held_at"),
)

hold_opinion = _tenant(
    "hold_opinion",
    "opinion_id",
    _id("action_id"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("organisation"),
    _word("decision"),
    Column("reason", String(500), nullable=False),
    _at("known_at"),
    _within("action_id", "action_hold"),
    _one_of("decision", "release", "withdraw"),
    Index("ix_hold_opinion_action", "marketplace_id", "action_id", "known_at"),
)

_RAISED = text("settled_at IS NULL")

alert = _tenant(
    "alert",
    "alert_id",
    _word("cause"),
    # Whose pace it is: a person's, a brand's or a seller's id; empty where the alert is about the marketplace.
    Column("subject", _EXTERNAL, nullable=False),
    Column("sentence", String(500), nullable=False),
    _at("raised_at"),
    _at("settled_at", nullable=True),
    Index(
        "ux_alert_one_raised",
        "marketplace_id",
        "cause",
        "subject",
        unique=True,
        sqlite_where=_RAISED,
        postgresql_where=_RAISED,
    ),
    Index("ix_alert_raised", "marketplace_id", "raised_at"),
)

rule_switch = Table(
    "rule_switch",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    _word("rule"),
    _at("off_since"),
    Column("switched_by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    PrimaryKeyConstraint("marketplace_id", "rule"),
)

# Removals that count against their sellers. What is taken back keeps its row, with when and why.
strike_hit = _tenant(
    "strike_hit",
    "action_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("reason_code"),
    Column("weight", Float, nullable=False),
    Column("policy_version", String(80), nullable=False),
    _at("known_at"),
    _at("void_at", nullable=True),
    _word("void_as", nullable=True),
    _within("action_id", "action"),
    _one_of("void_as", "withdrawn", "overturned"),
    Index("ix_strike_hit_seller", "marketplace_id", "seller_external_id", "known_at"),
)

_UNDECIDED = text("state IN ('proposed', 'agreed_by_one')")

# What people are asked to decide about a seller, and what they decided; `linked` are the accounts around it then.
sanction = _tenant(
    "sanction",
    "sanction_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("measure"),
    _word("cause"),
    _word("state"),
    _id("parent_id", nullable=True),
    Column("path", String(1000), nullable=True),
    Column("total", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("linked", Json, nullable=False),
    Column("policy_version", String(80), nullable=False),
    _at("proposed_at"),
    _at("due_at", nullable=True),
    _at("decided_at", nullable=True),
    Column("ended_because", String(500), nullable=True),
    _within("parent_id", "sanction", "sanction_id"),
    _one_of("measure", "restrict", "close"),
    _one_of("cause", "strikes", "linked"),
    _one_of("state", "proposed", "agreed_by_one", "carried_out", "refused", "lapsed", "lifted"),
    Index(
        "ux_sanction_one_undecided",
        "marketplace_id",
        "seller_external_id",
        unique=True,
        sqlite_where=_UNDECIDED,
        postgresql_where=_UNDECIDED,
    ),
    Index("ix_sanction_state", "marketplace_id", "state", "proposed_at"),
    Index("ix_sanction_due", "due_at"),
)

sanction_voice = _tenant(
    "sanction_voice",
    "voice_id",
    _id("sanction_id"),
    Column("user_id", _ID, ForeignKey("account.user_id"), nullable=False),
    _word("organisation"),
    Column("agrees", Boolean, nullable=False),
    Column("reason", String(500), nullable=False),
    _at("known_at"),
    _within("sanction_id", "sanction"),
    Index("ix_sanction_voice_sanction", "marketplace_id", "sanction_id", "known_at"),
)

# What the marketplace is asked to do about a seller; delivered as an action on an offer is, by a sequence of its own.
seller_action = _tenant(
    "seller_action",
    "action_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _id("sanction_id"),
    _word("kind"),
    _word("state"),
    Column("sequence", Integer, nullable=False),
    Column("statement", Json, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _at("created_at"),
    _at("leaves_at"),
    _at("due_at", nullable=True),
    _at("sent_at", nullable=True),
    _at("acknowledged_at", nullable=True),
    Column("last_error", String(500), nullable=True),
    _within("sanction_id", "sanction"),
    UniqueConstraint("marketplace_id", "seller_external_id", "sequence"),
    _one_of("kind", "restrict", "suspend", "restore"),
    _one_of("state", "scheduled", "withdrawn", "sending", "acknowledged", "dead"),
    Index("ix_seller_action_due", "state", "due_at"),
)

_NOT_REMOVED = text("removed_at IS NULL")

# Allow, watch and deny: a seller is on one list of a marketplace at most.
listed_seller = _tenant(
    "listed_seller",
    "entry_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("list_name"),
    Column("reason", String(500), nullable=False),
    Column("added_by", String(200), nullable=False),
    _at("added_at"),
    _at("expires_at"),
    _at("removed_at", nullable=True),
    Column("removed_by", String(200), nullable=True),
    _one_of("list_name", "allow", "watch", "deny"),
    Index(
        "ux_listed_seller_one_entry",
        "marketplace_id",
        "seller_external_id",
        unique=True,
        sqlite_where=_NOT_REMOVED,
        postgresql_where=_NOT_REMOVED,
    ),
)

appeal = _tenant(
    "appeal",
    "appeal_id",
    _id("listing_id"),
    _id("action_id"),
    _id("case_id"),
    Column("external_id", _EXTERNAL, nullable=False),
    Column("statement", String(5000), nullable=False),
    _word("state"),
    _at("occurred_at"),
    _at("known_at"),
    _at("decided_at", nullable=True),
    _within("listing_id", "listing"),
    _within("action_id", "action"),
    _within("case_id", "review_case"),
    UniqueConstraint("marketplace_id", "external_id"),
    UniqueConstraint("marketplace_id", "action_id"),
    _one_of("state", "open", "upheld", "dismissed"),
)

# The seller's way in without an account: one row a link, of which the signature is nowhere stored.
seller_link = Table(
    "seller_link",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    _id("action_id"),
    Column("number", Integer, nullable=False),
    _at("made_at"),
    _at("expires_at"),
    _at("revoked_at", nullable=True),
    PrimaryKeyConstraint("marketplace_id", "action_id", "number"),
    _within("action_id", "action"),
)

# Bytes as a seller handed them in, once for a marketplace; uploads name them by their digest, which stays when the
# content is erased.
seller_document = Table(
    "seller_document",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("media_type", String(40), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("content", LargeBinary, nullable=True),
    PrimaryKeyConstraint("marketplace_id", "digest"),
)

seller_upload = _tenant(
    "seller_upload",
    "upload_id",
    _id("action_id"),
    _id("listing_id"),
    Column("seller_external_id", _EXTERNAL, nullable=True),
    Column("digest", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    _at("known_at"),
    _at("erased_at", nullable=True),
    _within("action_id", "action"),
    _within("listing_id", "listing"),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["seller_document.marketplace_id", "seller_document.digest"]),
    UniqueConstraint("marketplace_id", "action_id", "digest"),
    Index("ix_seller_upload_seller", "marketplace_id", "seller_external_id", "known_at"),
    Index("ix_seller_upload_digest", "marketplace_id", "digest"),
)

counter_notice = _tenant(
    "counter_notice",
    "counter_notice_id",
    _id("action_id"),
    _id("listing_id"),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    _word("profile"),
    Column("policy_version", String(80), nullable=False),
    Column("country", String(2), nullable=True),
    _word("state"),
    Column("round", Integer, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    _at("informed_at"),
    _at("due_at", nullable=True),
    _at("first_answered_at", nullable=True),
    _at("closed_at", nullable=True),
    _within("action_id", "action"),
    _within("listing_id", "listing"),
    UniqueConstraint("marketplace_id", "action_id"),
    _one_of(
        "state",
        "with_seller",
        "with_rights_holder",
        "with_reviewer",
        "with_court",
        "upheld",
        "dismissed",
        "lapsed",
        "withdrawn",
    ),
    Index("ix_counter_notice_due", "due_at"),
    Index("ix_counter_notice_brand", "marketplace_id", "brand_id", "state"),
)

counter_notice_step = _tenant(
    "counter_notice_step",
    "step_id",
    _id("counter_notice_id"),
    Column("number", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    _word("party"),
    _word("event"),
    _word("state_after"),
    Column("said", String(5000), nullable=True),
    Column("actor", String(200), nullable=False),
    _at("known_at"),
    _within("counter_notice_id", "counter_notice"),
    UniqueConstraint("marketplace_id", "counter_notice_id", "number"),
    _one_of("party", "seller", "rights_holder", "reviewer", "clock"),
)

_IN_FORCE = text("undone_at IS NULL")

overturn = _tenant(
    "overturn",
    "overturn_id",
    _id("action_id"),
    _id("verdict_id", nullable=True),
    _id("reinstatement_id", nullable=True),
    _word("cause"),
    Column("amendment", Json, nullable=False),
    _at("overturned_at"),
    _at("undone_at", nullable=True),
    _within("action_id", "action"),
    _within("verdict_id", "verdict"),
    _within("reinstatement_id", "action", "action_id"),
    _one_of("cause", "appeal", "conceded", "silence"),
    Index(
        "ux_overturn_one_in_force",
        "marketplace_id",
        "action_id",
        unique=True,
        sqlite_where=_IN_FORCE,
        postgresql_where=_IN_FORCE,
    ),
)

# What it is compared with.

price_reference = Table(
    "price_reference",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_key", String(200), nullable=False),
    Column("category_key", String(500), nullable=False),
    Column("log_median", Float, nullable=False),
    Column("mad", Float, nullable=False),
    Column("n", Integer, nullable=False),
    # How the prices lie, for people; what was worked out before this was kept has none until it is worked out anew.
    Column("samples", Json, nullable=True),
    _at("as_of"),
    PrimaryKeyConstraint("marketplace_id", "brand_key", "category_key"),
)

common_price = Table(
    "common_price",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("price_minor", BigInteger, nullable=False),
    Column("offers", Integer, nullable=False),
    PrimaryKeyConstraint("marketplace_id", "currency", "price_minor"),
)

usual_share = Table(
    "usual_share",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    _word("name"),
    Column("mean", Float, nullable=False),
    Column("strength", Float, nullable=False),
    Column("groups_behind", Integer, nullable=False),
    _at("as_of"),
    PrimaryKeyConstraint("marketplace_id", "name"),
)

brand_list_price = Table(
    "brand_list_price",
    metadata,
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=False),
    _word("listed_by"),
    Column("list_key", String(500), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("valid_from", String(10), nullable=False),
    Column("name", String(500), nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("source", String(200), nullable=False),
    _at("known_at"),
    PrimaryKeyConstraint("brand_id", "listed_by", "list_key", "currency", "valid_from", "known_at"),
    _one_of("listed_by", "gtin", "mpn", "model", "category"),
)

exchange_rate = Table(
    "exchange_rate",
    metadata,
    Column("day", String(10), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("euros", Float, nullable=False),
    Column("source", String(200), nullable=False),
    PrimaryKeyConstraint("day", "currency"),
)

# What was learnt from it.

snapshot = _tenant(
    "snapshot",
    "snapshot_id",
    Column("digest", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("positives", Integer, nullable=False),
    _at("as_of"),
    _at("created_at"),
)

training_job = _tenant(
    "training_job",
    "job_id",
    _word("state"),
    Column("progress", Json, nullable=False),
    _id("snapshot_id", nullable=True),
    Column("digest", String(64), nullable=True),
    Column("error", String(500), nullable=True),
    Column("requested_by", String(200), nullable=False),
    _at("created_at"),
    _at("finished_at", nullable=True),
    _within("snapshot_id", "snapshot"),
    _one_of("state", "waiting", "running", "done", "failed"),
)

second_look = _tenant(
    "second_look",
    "second_look_id",
    _id("job_id"),
    _id("listing_id"),
    _id("version_id"),
    _word("why"),
    Column("label", Integer, nullable=False),
    Column("probability", Float, nullable=True),
    Column("doubt", Float, nullable=True),
    _id("case_id", nullable=True),
    _at("found_at"),
    _within("job_id", "training_job"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    _within("case_id", "review_case"),
    UniqueConstraint("marketplace_id", "job_id", "version_id"),
    _one_of("why", "doubted", "alone"),
    Index("ix_second_look_case", "marketplace_id", "case_id"),
)

model = Table(
    "model",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    _id("job_id"),
    Column("report", Json, nullable=False),
    Column("mlflow_run_id", String(64), nullable=True),
    Column("mlflow_version", String(20), nullable=True),
    _at("created_at"),
    PrimaryKeyConstraint("marketplace_id", "digest"),
    _within("job_id", "training_job"),
)

golden_set = _tenant(
    "golden_set",
    "golden_set_id",
    Column("digest", String(64), nullable=False),
    Column("items", Integer, nullable=False),
    Column("positives", Integer, nullable=False),
    Column("content", Compressed, nullable=False),
    Column("frozen_by", String(200), nullable=False),
    _at("frozen_at"),
)

promotion = _tenant(
    "promotion",
    "promotion_id",
    Column("digest", String(64), nullable=False),
    _word("kind"),
    Column("promoted_by", String(200), nullable=False),
    Column("note", String(500), nullable=False),
    _at("promoted_at"),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    _one_of("kind", "promote", "rollback"),
    Index("ix_promotion_latest", "marketplace_id", "promoted_at"),
)

promotion_approval = _tenant(
    "promotion_approval",
    "approval_id",
    Column("digest", String(64), nullable=False),
    Column("approved_by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("beside", String(64), nullable=True),
    _at("approved_at"),
    _at("withdrawn_at", nullable=True),
    _id("promotion_id", nullable=True),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    _within("promotion_id", "promotion"),
    Index("ix_promotion_approval_model", "marketplace_id", "digest", "approved_at"),
)

trial = _tenant(
    "trial",
    "trial_id",
    Column("digest", String(64), nullable=False),
    Column("share", Float, nullable=False),
    Column("started_by", String(200), nullable=False),
    _at("started_at"),
    _at("ended_at", nullable=True),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
)

trial_score = Table(
    "trial_score",
    metadata,
    Column("marketplace_id", _ID, nullable=False),
    _id("trial_id"),
    _id("version_id"),
    Column("champion_probability", Float, nullable=True),
    _word("champion_lane"),
    Column("challenger_probability", Float, nullable=True),
    _word("challenger_lane"),
    Column("challenger_decided", Boolean, nullable=False),
    _at("scored_at"),
    PrimaryKeyConstraint("marketplace_id", "trial_id", "version_id"),
    _within("trial_id", "trial"),
    _within("version_id", "listing_version"),
)

circuit_breaker = Table(
    "circuit_breaker",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), primary_key=True),
    _at("checked_at"),
    _at("counted_from", nullable=True),
    _at("opened_at", nullable=True),
    Column("reason", String(500), nullable=True),
)

drift_report = _tenant(
    "drift_report",
    "report_id",
    Column("report", Json, nullable=False),
    _at("made_at"),
    Index("ix_drift_report_made", "marketplace_id", "made_at"),
)

seller_ranking = Table(
    "seller_ranking",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), primary_key=True),
    _at("as_of"),
    Column("window_days", Integer, nullable=False),
    Column("sellers", Integer, nullable=False),
    Column("usual_share", Float, nullable=True),
    Column("policy_version", String(80), nullable=False),
)

seller_risk = Table(
    "seller_risk",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("seller_ranking.marketplace_id"), nullable=False),
    Column("seller_external_id", _EXTERNAL, nullable=False),
    _word("state"),
    Column("offers", Integer, nullable=False),
    Column("left_out", Integer, nullable=False),
    Column("left_out_confirmed", Integer, nullable=False),
    Column("expected", Float, nullable=False),
    Column("confirmed", Integer, nullable=False),
    Column("cleared", Integer, nullable=False),
    Column("share", Float, nullable=True),
    Column("percentile", Float, nullable=True),
    PrimaryKeyConstraint("marketplace_id", "seller_external_id"),
    _one_of("state", "ranked", "too_few_offers", "too_few_sellers", "no_model"),
)

# What can be proved of it.

# Notices from outside.

_STRANGER = text("kind = 'unregistered' AND email_token IS NOT NULL")

# Who notifies. Name and address are all that is personal here; both are null once they were erased.
reporter = _tenant(
    "reporter",
    "reporter_id",
    _word("kind"),
    Column("name", String(200), nullable=True),
    Column("email", String(320), nullable=True),
    # Keyed hash of the address, by which a stranger is known again.
    Column("email_token", String(64), nullable=True),
    Column("brand_id", _ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("secret_hash", String(64), nullable=True),
    _at("known_at"),
    _at("revoked_at", nullable=True),
    _at("warned_at", nullable=True),
    _at("muted_until", nullable=True),
    Column("muted_because", String(500), nullable=True),
    _at("erasure_asked_at", nullable=True),
    _at("erased_at", nullable=True),
    _one_of("kind", "unregistered", "registered", "brand", "trusted_flagger"),
    Index(
        "ux_reporter_stranger",
        "marketplace_id",
        "email_token",
        unique=True,
        sqlite_where=_STRANGER,
        postgresql_where=_STRANGER,
    ),
)

notice = _tenant(
    "notice",
    "notice_id",
    _id("reporter_id"),
    _word("channel"),
    _word("reason_code"),
    Column("explanation", String(5000), nullable=False),
    _at("known_at"),
    _within("reporter_id", "reporter"),
    _one_of("channel", "form", "api"),
    _one_of("reason_code", "trademark_counterfeit", "mark_misuse", "design", "copyright", "not_as_described"),
    Index("ix_notice_reporter", "marketplace_id", "reporter_id", "known_at"),
    Index("ix_notice_known", "marketplace_id", "known_at"),
)

# One notified offer. `version_id` is what it was when it was notified, `case_id` where it is decided, also after the
# offer was changed and its case followed by another.
notice_item = _tenant(
    "notice_item",
    "item_id",
    _id("notice_id"),
    Column("number", Integer, nullable=False),
    Column("location", String(2000), nullable=False),
    _word("state"),
    _id("listing_id", nullable=True),
    _id("version_id", nullable=True),
    _id("case_id", nullable=True),
    Column("opened_case", Boolean, nullable=False),
    _word("outcome", nullable=True),
    _id("verdict_id", nullable=True),
    _id("action_id", nullable=True),
    _at("known_at"),
    _at("decided_at", nullable=True),
    _within("notice_id", "notice"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version", "version_id"),
    _within("case_id", "review_case"),
    _within("verdict_id", "verdict"),
    _within("action_id", "action"),
    UniqueConstraint("marketplace_id", "notice_id", "number"),
    _one_of("state", "waiting", "decided", "unknown_listing", "repeated", "muted"),
    _one_of("outcome", "removed", "no_action", "already_removed"),
    Index("ix_notice_item_case", "marketplace_id", "case_id"),
    Index("ix_notice_item_listing", "marketplace_id", "listing_id", "state"),
    Index("ix_notice_item_version", "marketplace_id", "version_id"),
    Index("ix_notice_item_known", "marketplace_id", "known_at"),
)

# A notifier's complaint that an offer stays. `previous_verdict_id` is what it is against, `verdict_id` what ended it.
notice_complaint = _tenant(
    "notice_complaint",
    "complaint_id",
    _id("item_id"),
    _id("case_id"),
    _id("previous_verdict_id"),
    Column("statement", String(5000), nullable=False),
    _word("state"),
    _id("verdict_id", nullable=True),
    _at("known_at"),
    _at("decided_at", nullable=True),
    _within("item_id", "notice_item"),
    _within("case_id", "review_case"),
    _within("previous_verdict_id", "verdict", "verdict_id"),
    _within("verdict_id", "verdict"),
    UniqueConstraint("marketplace_id", "item_id"),
    _one_of("state", "open", "upheld", "dismissed"),
    Index("ix_notice_complaint_case", "marketplace_id", "case_id"),
)

# Never changed: the database refuses it. A part's salt and body go together when it is erased; its digest stays.
evidence = _tenant(
    "evidence",
    "evidence_id",
    _id("listing_id"),
    _id("version_id"),
    _id("case_id"),
    Column("subject", String(80), nullable=False),
    Column("header", Json, nullable=False),
    Column("digest", String(64), nullable=False),
    _at("captured_at"),
    _within("listing_id", "listing"),
    _within("version_id", "listing_version"),
    _within("case_id", "review_case"),
    Index("ix_evidence_listing", "marketplace_id", "listing_id"),
    Index("ix_evidence_case", "marketplace_id", "case_id"),
)

evidence_part = Table(
    "evidence_part",
    metadata,
    _id("marketplace_id"),
    _id("evidence_id"),
    _word("part"),
    Column("digest", String(64), nullable=False),
    Column("salt", String(64), nullable=True),
    Column("body", Compressed, nullable=True),
    PrimaryKeyConstraint("marketplace_id", "evidence_id", "part"),
    _within("evidence_id", "evidence"),
    _one_of("part", "text", "price", "seller", "media", "page"),
)

# Processes that run jobs, by the name that each is given; `found` is what the last sweep had to do.
worker_process = Table(
    "worker_process",
    metadata,
    Column("worker_id", String(80), primary_key=True),
    Column("process", String(120), nullable=False),
    _at("started_at"),
    _at("seen_at"),
    Column("sweep_seconds", Float, nullable=False),
    Column("found", Json, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("entry_hash", String(64), nullable=False),
)

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    _at("occurred_at"),
    Column("marketplace_id", _ID, nullable=False),
    Column("actor", String(200), nullable=False),
    Column("act", String(80), nullable=False),
    Column("subject", String(80), nullable=False, index=True),
    Column("payload_hash", String(64), nullable=False),
    Column("previous_hash", String(64), nullable=False, unique=True),
    Column("entry_hash", String(64), nullable=False),
)

audit_payload = Table(
    "audit_payload",
    metadata,
    Column("sequence", BigInteger, ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    Column("payload", Text, nullable=False),
    Column("salt", String(64), nullable=True),  # Hex; entries from before there were salts have none.
)

# What may be taken out of audit_payload: the database refuses every other deletion.
erased_payload = Table(
    "erased_payload",
    metadata,
    Column("sequence", BigInteger, ForeignKey("audit_entry.sequence"), primary_key=True, autoincrement=False),
    _id("erasure_id"),
)

# Somebody's wish to have a seller forgotten. `due_at` is when what had to be kept is looked at again.
erasure = _tenant(
    "erasure",
    "erasure_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    Column("asked_by", String(200), nullable=False),
    _at("asked_at"),
    _at("due_at", nullable=True),
    Index("ix_erasure_due", "due_at"),
    Index("ix_erasure_seller", "marketplace_id", "seller_external_id"),
)

# When data past its time was last looked for; a row is missing before the first look, and while more is left.
retention_look = Table(
    "retention_look",
    metadata,
    Column("marketplace_id", _ID, ForeignKey("marketplace.marketplace_id"), primary_key=True),
    _at("looked_at"),
)

_NOT_LIFTED = text("lifted_at IS NULL")

legal_hold = _tenant(
    "legal_hold",
    "hold_id",
    Column("seller_external_id", _EXTERNAL, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("set_by", String(200), nullable=False),
    _at("set_at"),
    _at("lifted_at", nullable=True),
    Index(
        "ux_legal_hold_one_in_force",
        "marketplace_id",
        "seller_external_id",
        unique=True,
        sqlite_where=_NOT_LIFTED,
        postgresql_where=_NOT_LIFTED,
    ),
)

simulated_clock = Table(
    "simulated_clock",
    metadata,
    Column("clock_id", Integer, primary_key=True, autoincrement=False),
    Column("offset_microseconds", BigInteger, nullable=False),
)
