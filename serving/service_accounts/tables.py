"""The tables of service accounts."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table

from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within

service_account = tenant_table(
    "service_account",
    "account_id",
    Column("brand_id", ID, ForeignKey("brand.brand_id"), nullable=False),
    Column("name", String(200), nullable=False),
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
