"""The tables of accounts."""

import sqlalchemy as sa

from serving.accounts.rules.access import Role
from serving.accounts.rules.second_person import FactorKind, OriginKind
from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.display import Density, Theme

account = sa.Table(
    "account",
    metadata,
    sa.Column("user_id", ID, primary_key=True),
    sa.Column("email", sa.String(320), nullable=False, unique=True),
    sa.Column("name", sa.String(200), nullable=False),
    sa.Column("password_hash", sa.String(200), nullable=False),
    moment("created_at"),
    moment("signed_in_at", nullable=True),
    moment("disabled_at", nullable=True),
)

# Who may hold an account: append-only. `made_by` is empty where the owner of the data directory acted.
account_origin = sa.Table(
    "account_origin",
    metadata,
    id_column("origin_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("making", OriginKind),
    sa.Column("made_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    moment("known_at"),
    sa.PrimaryKeyConstraint("origin_id"),
    sa.Index("ix_account_origin_user_id", "user_id"),
    sa.CheckConstraint("(making = 'added') = (made_by IS NULL)", name="maker"),
)

role_grant = sa.Table(
    "role_grant",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("role", Role),
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    sa.Column("leads", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("created_at"),
    # A brand's user whom its lead invited confirms from then on.
    moment("confirms_from", nullable=True),
    sa.UniqueConstraint("user_id", "role", "marketplace_id", "brand_id"),
)

browser_session = sa.Table(
    "browser_session",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False, index=True),
    sa.Column("csrf_token", sa.String(64), nullable=False),
    moment("created_at"),
    moment("expires_at"),
    # Set between the password and the second factor: such a session opens nothing else.
    sa.Column("half", sa.Boolean, nullable=False, server_default=sa.false()),
    # The last proof of a second factor; without a factor it was a recovery code.
    id_column("factor_id", nullable=True),
    moment("proved_at", nullable=True),
    # The hash of the mark that the browser got at sign-in, and since when the account is known there; empty if new.
    sa.Column("device_hash", sa.String(64), nullable=True),
    moment("device_known_since", nullable=True),
    sa.Index("ix_browser_session_ends", "expires_at"),
)

# A code of an app by its sealed secret, or a passkey by its public key. Without `enrolled_at` it is not confirmed yet.
# `last_count` is the last time step of a code that was used, or the signature counter of a passkey.
second_factor = sa.Table(
    "second_factor",
    metadata,
    id_column("factor_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    word("kind", FactorKind),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("secret", sa.String(500), nullable=True),
    sa.Column("credential_id", sa.String(1400), nullable=True, unique=True),
    sa.Column("public_key", sa.String(2000), nullable=True),
    sa.Column("last_count", sa.BigInteger, nullable=False),
    moment("begun_at"),
    moment("enrolled_at", nullable=True),
    moment("used_at", nullable=True),
    # A first factor that was proved waits for its owner, who has the link.
    sa.Column("link_hash", sa.String(64), nullable=True, unique=True),
    sa.PrimaryKeyConstraint("factor_id"),
    sa.CheckConstraint(
        "(kind = 'totp') = (secret IS NOT NULL) AND (kind = 'passkey') = (credential_id IS NOT NULL)", name="of_kind"
    ),
    sa.Index("ix_second_factor_user_id", "user_id"),
)

# Keyed hashes of codes that are used once.
recovery_code = sa.Table(
    "recovery_code",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    sa.Column("code_hash", sa.String(64), nullable=False),
    moment("made_at"),
    moment("used_at", nullable=True),
    sa.PrimaryKeyConstraint("user_id", "code_hash"),
)

# What a passkey must sign: one for each session and purpose, deleted when it is used.
factor_challenge = sa.Table(
    "factor_challenge",
    metadata,
    sa.Column("token_hash", sa.String(64), nullable=False),
    sa.Column("purpose", sa.String(80), nullable=False),
    sa.Column("challenge", sa.String(100), nullable=False),
    moment("expires_at"),
    sa.PrimaryKeyConstraint("token_hash", "purpose"),
)

display_setting = sa.Table(
    "display_setting",
    metadata,
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), primary_key=True),
    sa.Column("time_zone", sa.String(64), nullable=False),
    word("language"),
    word("density", Density),
    sa.Column("letter_keys", sa.Boolean, nullable=False),
    word("theme", Theme),
    sa.Column("hidden_columns", sa.String(100), nullable=False),
    moment("changed_at"),
)

setup_token = sa.Table(
    "setup_token",
    metadata,
    sa.Column("token_hash", sa.String(64), primary_key=True),
    moment("created_at"),
    moment("used_at", nullable=True),
)

onboarding_seen = sa.Table(
    "onboarding_seen",
    metadata,
    id_column("user_id"),
    word("role", Role),
    moment("seen_at"),
    sa.ForeignKeyConstraint(["user_id"], ["account.user_id"]),
    sa.PrimaryKeyConstraint("user_id", "role"),
)

invitation = tenant_table(
    "invitation",
    "invitation_id",
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("email", sa.String(320), nullable=False),
    word("role", Role),
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=True),
    sa.Column("leads", sa.Boolean, nullable=False),
    sa.Column("invited_by", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("invited_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("withdrawn_at", nullable=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=True),
)

reset_link = sa.Table(
    "reset_link",
    metadata,
    id_column("link_id"),
    sa.Column("token_hash", sa.String(64), nullable=False, unique=True),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    # Empty where the operator of the data directory made it; only such a link can found the account again.
    sa.Column("made_by", ID, sa.ForeignKey("account.user_id"), nullable=True),
    sa.Column("as_root", sa.Boolean, nullable=False, server_default=sa.false()),
    moment("made_at"),
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("ended_at", nullable=True),
    sa.PrimaryKeyConstraint("link_id"),
    sa.Index("ix_reset_link_user_id", "user_id"),
)

# Wrong passwords, by keyed hashes of who and where: no address of a person is stored.
sign_in_budget = sa.Table(
    "sign_in_budget",
    metadata,
    word(
        "scope", ("account_and_address", "account", "device", "address", "service", "second_factor", "session", "mail")
    ),
    sa.Column("key", sa.String(64), nullable=False),
    moment("spent_until"),
    sa.PrimaryKeyConstraint("scope", "key"),
)

# The account of a brand's own program.
service_account = tenant_table(
    "service_account",
    "account_id",
    sa.Column("brand_id", ID, sa.ForeignKey("brand.brand_id"), nullable=False),
    sa.Column("name", sa.String(200), nullable=False),
    # Where messages about its reports are sent.
    sa.Column("callback_url", sa.String(2000), nullable=True),
    moment("made_at"),
    moment("ended_at", nullable=True),
    sa.Index("ix_service_account_brand", "marketplace_id", "brand_id"),
)

# The people whom an account names. Somebody leaves the place when they are deactivated or stopped.
service_account_person = sa.Table(
    "service_account_person",
    metadata,
    id_column("marketplace_id"),
    id_column("account_id"),
    sa.Column("user_id", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("named_at"),
    moment("left_at", nullable=True),
    within("account_id", "service_account"),
    sa.PrimaryKeyConstraint("marketplace_id", "account_id", "user_id"),
    sa.Index("ix_service_account_person_user", "user_id"),
)

# The public half of a key; times are the real ones, as those of sessions. `vouched_at` is when a person first released
# a report by it.
signing_key = tenant_table(
    "signing_key",
    "key_id",
    id_column("account_id"),
    sa.Column("public_key", sa.String(44), nullable=False, unique=True),
    sa.Column("registered_by", ID, sa.ForeignKey("account.user_id"), nullable=False),
    moment("registered_at"),
    moment("expires_at"),
    moment("vouched_at", nullable=True),
    moment("used_at", nullable=True),
    moment("revoked_at", nullable=True),
    within("account_id", "service_account"),
    sa.Index("ix_signing_key_account", "marketplace_id", "account_id"),
    sa.Index("ix_signing_key_id", "key_id", unique=True),
)

# The nonces of requests, as long as their signatures are accepted: each is accepted once.
signature_nonce = sa.Table(
    "signature_nonce",
    metadata,
    id_column("key_id"),
    sa.Column("nonce", sa.String(64), nullable=False),
    moment("expires_at"),
    sa.PrimaryKeyConstraint("key_id", "nonce"),
)

# From where a key has reported, by keyed hashes of networks: no address is stored.
key_network = sa.Table(
    "key_network",
    metadata,
    id_column("key_id"),
    sa.Column("network", sa.String(64), nullable=False),
    moment("last_seen_at"),
    sa.PrimaryKeyConstraint("key_id", "network"),
)
