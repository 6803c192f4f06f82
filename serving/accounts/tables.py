"""The tables of accounts."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    false,
)

from serving.accounts.rules.access import Role
from serving.accounts.rules.second_person import FactorKind, OriginKind
from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.display import Density, Theme

account = Table(
    "account",
    metadata,
    Column("user_id", ID, primary_key=True),
    Column("email", String(320), nullable=False, unique=True),
    Column("name", String(200), nullable=False),
    Column("password_hash", String(200), nullable=False),
    moment("created_at"),
    moment("signed_in_at", nullable=True),
    moment("disabled_at", nullable=True),
)

# Who may hold an account: append-only. `made_by` is empty where the owner of the data directory acted.
account_origin = Table(
    "account_origin",
    metadata,
    id_column("origin_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("making", OriginKind),
    Column("made_by", ID, ForeignKey("account.user_id"), nullable=True),
    moment("known_at"),
    PrimaryKeyConstraint("origin_id"),
    Index("ix_account_origin_user_id", "user_id"),
    CheckConstraint("(making = 'added') = (made_by IS NULL)", name="maker"),
)

role_grant = Table(
    "role_grant",
    metadata,
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("role", Role),
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("leads", Boolean, nullable=False, server_default=false()),
    moment("created_at"),
    # A brand's user whom its lead invited confirms from then on.
    moment("confirms_from", nullable=True),
    UniqueConstraint("user_id", "role", "marketplace_id", "brand_id"),
)

browser_session = Table(
    "browser_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False, index=True),
    Column("csrf_token", String(64), nullable=False),
    moment("created_at"),
    moment("expires_at"),
    # Set between the password and the second factor: such a session opens nothing else.
    Column("half", Boolean, nullable=False, server_default=false()),
    # The last proof of a second factor; without a factor it was a recovery code.
    id_column("factor_id", nullable=True),
    moment("proved_at", nullable=True),
    # The hash of the mark that the browser got at sign-in, and since when the account is known there; empty if new.
    Column("device_hash", String(64), nullable=True),
    moment("device_known_since", nullable=True),
    Index("ix_browser_session_ends", "expires_at"),
)

# A code of an app by its sealed secret, or a passkey by its public key. Without `enrolled_at` it is not confirmed yet.
# `last_count` is the last time step of a code that was used, or the signature counter of a passkey.
second_factor = Table(
    "second_factor",
    metadata,
    id_column("factor_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    word("kind", FactorKind),
    Column("name", String(80), nullable=False),
    Column("secret", String(500), nullable=True),
    Column("credential_id", String(1400), nullable=True, unique=True),
    Column("public_key", String(2000), nullable=True),
    Column("last_count", BigInteger, nullable=False),
    moment("begun_at"),
    moment("enrolled_at", nullable=True),
    moment("used_at", nullable=True),
    # A first factor that was proved waits for its owner, who has the link.
    Column("link_hash", String(64), nullable=True, unique=True),
    PrimaryKeyConstraint("factor_id"),
    CheckConstraint(
        "(kind = 'totp') = (secret IS NOT NULL) AND (kind = 'passkey') = (credential_id IS NOT NULL)", name="of_kind"
    ),
    Index("ix_second_factor_user_id", "user_id"),
)

# Keyed hashes of codes that are used once.
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    Column("code_hash", String(64), nullable=False),
    moment("made_at"),
    moment("used_at", nullable=True),
    PrimaryKeyConstraint("user_id", "code_hash"),
)

# What a passkey must sign: one for each session and purpose, deleted when it is used.
factor_challenge = Table(
    "factor_challenge",
    metadata,
    Column("token_hash", String(64), nullable=False),
    Column("purpose", String(80), nullable=False),
    Column("challenge", String(100), nullable=False),
    moment("expires_at"),
    PrimaryKeyConstraint("token_hash", "purpose"),
)

display_setting = Table(
    "display_setting",
    metadata,
    Column("user_id", ID, ForeignKey("account.user_id"), primary_key=True),
    Column("time_zone", String(64), nullable=False),
    word("language"),
    word("density", Density),
    Column("letter_keys", Boolean, nullable=False),
    word("theme", Theme),
    moment("changed_at"),
)

setup_token = Table(
    "setup_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    moment("created_at"),
    moment("used_at", nullable=True),
)

onboarding_seen = Table(
    "onboarding_seen",
    metadata,
    id_column("user_id"),
    word("role", Role),
    moment("seen_at"),
    ForeignKeyConstraint(["user_id"], ["account.user_id"]),
    PrimaryKeyConstraint("user_id", "role"),
)

invitation = tenant_table(
    "invitation",
    "invitation_id",
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("email", String(320), nullable=False),
    word("role", Role),
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=True),
    Column("leads", Boolean, nullable=False),
    Column("invited_by", ID, ForeignKey("account.user_id"), nullable=False),
    moment("invited_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("withdrawn_at", nullable=True),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=True),
)

reset_link = Table(
    "reset_link",
    metadata,
    id_column("link_id"),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    # Empty where the operator of the data directory made it; only such a link can found the account again.
    Column("made_by", ID, ForeignKey("account.user_id"), nullable=True),
    Column("as_root", Boolean, nullable=False, server_default=false()),
    moment("made_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("ended_at", nullable=True),
    PrimaryKeyConstraint("link_id"),
    Index("ix_reset_link_user_id", "user_id"),
)

# Wrong passwords, by keyed hashes of who and where: no address of a person is stored.
sign_in_budget = Table(
    "sign_in_budget",
    metadata,
    word(
        "scope", ("account_and_address", "account", "device", "address", "service", "second_factor", "session", "mail")
    ),
    Column("key", String(64), nullable=False),
    moment("spent_until"),
    PrimaryKeyConstraint("scope", "key"),
)

# The account of a brand's own program.
service_account = tenant_table(
    "service_account",
    "account_id",
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("name", String(200), nullable=False),
    # Where messages about its reports are sent.
    Column("callback_url", String(2000), nullable=True),
    moment("made_at"),
    moment("ended_at", nullable=True),
    Index("ix_service_account_brand", "marketplace_id", "brand_id"),
)

# The people whom an account names. Somebody leaves the place when they are deactivated or stopped.
service_account_person = Table(
    "service_account_person",
    metadata,
    id_column("marketplace_id"),
    id_column("account_id"),
    Column("user_id", ID, ForeignKey("account.user_id"), nullable=False),
    moment("named_at"),
    moment("left_at", nullable=True),
    within("account_id", "service_account"),
    PrimaryKeyConstraint("marketplace_id", "account_id", "user_id"),
    Index("ix_service_account_person_user", "user_id"),
)

# The public half of a key; times are the real ones, as those of sessions. `vouched_at` is when a person first released
# a report by it.
signing_key = tenant_table(
    "signing_key",
    "key_id",
    id_column("account_id"),
    Column("public_key", String(44), nullable=False, unique=True),
    Column("registered_by", ID, ForeignKey("account.user_id"), nullable=False),
    moment("registered_at"),
    moment("expires_at"),
    moment("vouched_at", nullable=True),
    moment("used_at", nullable=True),
    moment("revoked_at", nullable=True),
    within("account_id", "service_account"),
    Index("ix_signing_key_account", "marketplace_id", "account_id"),
    Index("ix_signing_key_id", "key_id", unique=True),
)

# The nonces of requests, as long as their signatures are accepted: each is accepted once.
signature_nonce = Table(
    "signature_nonce",
    metadata,
    id_column("key_id"),
    Column("nonce", String(64), nullable=False),
    moment("expires_at"),
    PrimaryKeyConstraint("key_id", "nonce"),
)

# From where a key has reported, by keyed hashes of networks: no address is stored.
key_network = Table(
    "key_network",
    metadata,
    id_column("key_id"),
    Column("network", String(64), nullable=False),
    moment("last_seen_at"),
    PrimaryKeyConstraint("key_id", "network"),
)
