"""The first schema"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "account",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("email", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("disabled_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("previous_hash", name=op.f("uq_audit_entry_previous_hash")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_subject"), ["subject"], unique=False)

    op.create_table(
        "audit_head",
        sa.Column("head_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("entry_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("head_id", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "brand",
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("aliases", serving.platform.database.types.Json(), nullable=False),
        sa.Column("gtin_prefixes", serving.platform.database.types.Json(), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("brand_id", name=op.f("pk_brand")),
        sa.UniqueConstraint("name", name=op.f("uq_brand_name")),
    )
    op.create_table(
        "exchange_rate",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("euros", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("day", "currency", name=op.f("pk_exchange_rate")),
    )
    op.create_table(
        "marketplace",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("base_currency", sa.String(length=3), nullable=False),
        sa.Column("seller_events_since", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.PrimaryKeyConstraint("marketplace_id", name=op.f("pk_marketplace")),
        sa.UniqueConstraint("name", name=op.f("uq_marketplace_name")),
    )
    op.create_table(
        "setup_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("used_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_setup_token")),
    )
    op.create_table(
        "simulated_clock",
        sa.Column("clock_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("offset_microseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("clock_id", name=op.f("pk_simulated_clock")),
    )
    op.create_table(
        "api_key",
        sa.Column("key_id", sa.String(length=40), nullable=False),
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", serving.platform.database.types.Json(), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("revoked_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_api_key_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("key_id", name=op.f("pk_api_key")),
    )
    op.create_table(
        "audit_payload",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["sequence"], ["audit_entry.sequence"], name=op.f("fk_audit_payload_sequence")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_payload")),
    )
    op.create_table(
        "authorised_seller",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("added_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_authorised_seller_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_authorised_seller_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "brand_id", "seller_external_id", name=op.f("pk_authorised_seller")),
    )
    op.create_table(
        "brand_enrolment",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=False),
        sa.Column("takes_part", sa.Boolean(), nullable=False),
        sa.Column("account_manager_id", sa.String(length=40), nullable=False),
        sa.Column("enrolled_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_manager_id"], ["account.user_id"], name=op.f("fk_brand_enrolment_account_manager_id")
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_brand_enrolment_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_brand_enrolment_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "brand_id", name=op.f("pk_brand_enrolment")),
    )
    op.create_table(
        "browser_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("csrf_token", sa.String(length=64), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("expires_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_browser_session_user_id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_browser_session")),
    )
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_browser_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "facts",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("schema", sa.Integer(), nullable=False),
        sa.Column("body", serving.platform.database.types.Compressed(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_facts_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "digest", name=op.f("pk_facts")),
    )
    op.create_table(
        "listing",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=True),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("observed_hash", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("first_known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_listing_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "listing_id", name=op.f("pk_listing")),
        sa.UniqueConstraint("marketplace_id", "external_id", name=op.f("uq_listing_marketplace_id_external_id")),
    )
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.create_index("ix_listing_current", ["marketplace_id", "version_id"], unique=False)
        batch_op.create_index(
            "ix_listing_seller", ["marketplace_id", "seller_external_id", "first_known_at"], unique=False
        )

    op.create_table(
        "price_reference",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_key", sa.String(length=200), nullable=False),
        sa.Column("category_key", sa.String(length=500), nullable=False),
        sa.Column("log_median", sa.Float(), nullable=False),
        sa.Column("mad", sa.Float(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("as_of", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_price_reference_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "brand_key", "category_key", name=op.f("pk_price_reference")),
    )
    op.create_table(
        "quarantine",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("quarantine_id", sa.String(length=40), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("field", sa.String(length=200), nullable=False),
        sa.Column("sentence", sa.String(length=500), nullable=False),
        sa.Column("row_hash", sa.String(length=64), nullable=False),
        sa.Column("row_length", sa.BigInteger(), nullable=False),
        sa.Column("row_head", sa.Text(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_quarantine_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "quarantine_id", name=op.f("pk_quarantine")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.create_index("ix_quarantine_known", ["marketplace_id", "known_at"], unique=False)

    op.create_table(
        "role_grant",
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "role IN ('analyst', 'brand', 'account_manager', 'data_scientist', 'admin')",
            name=op.f("ck_role_grant_role"),
        ),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_role_grant_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_role_grant_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_role_grant_user_id")),
        sa.UniqueConstraint(
            "user_id",
            "role",
            "marketplace_id",
            "brand_id",
            name=op.f("uq_role_grant_user_id_role_marketplace_id_brand_id"),
        ),
    )
    op.create_table(
        "seller",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("seller_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("first_known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "seller_id", name=op.f("pk_seller")),
        sa.UniqueConstraint("marketplace_id", "external_id", name=op.f("uq_seller_marketplace_id_external_id")),
    )
    op.create_table(
        "seller_event",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("source_event_id", sa.String(length=200), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("listing_external_id", sa.String(length=200), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('sale', 'return', 'fake_return', 'rating')", name=op.f("ck_seller_event_kind")),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_seller_event_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "event_id", name=op.f("pk_seller_event")),
        sa.UniqueConstraint(
            "marketplace_id", "source_event_id", name=op.f("uq_seller_event_marketplace_id_source_event_id")
        ),
    )
    with op.batch_alter_table("seller_event", schema=None) as batch_op:
        batch_op.create_index(
            "ix_seller_event_window", ["marketplace_id", "seller_external_id", "occurred_at"], unique=False
        )

    op.create_table(
        "snapshot",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("snapshot_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("positives", sa.Integer(), nullable=False),
        sa.Column("as_of", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_snapshot_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "snapshot_id", name=op.f("pk_snapshot")),
    )
    op.create_table(
        "webhook_endpoint",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint_id", sa.String(length=40), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("secret", sa.String(length=200), nullable=False),
        sa.Column("allow_loopback", sa.Boolean(), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("disabled_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_webhook_endpoint_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "endpoint_id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_table(
        "listing_version",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("content", serving.platform.database.types.Json(), nullable=False),
        sa.Column("seller_external_id", sa.String(length=200), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.String(length=3), nullable=True),
        sa.Column("log_price", sa.Float(), nullable=True),
        sa.Column("previous_log_price", sa.Float(), nullable=True),
        sa.Column("draw", sa.Float(), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("brand_key", sa.String(length=200), nullable=False),
        sa.Column("category_key", sa.String(length=500), nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_listing_version_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_listing_version_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_listing_version_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "version_id", name=op.f("pk_listing_version")),
        sa.UniqueConstraint(
            "marketplace_id", "listing_id", "number", name=op.f("uq_listing_version_marketplace_id_listing_id_number")
        ),
    )
    with op.batch_alter_table("listing_version", schema=None) as batch_op:
        batch_op.create_index("ix_listing_version_known", ["marketplace_id", "known_at"], unique=False)

    op.create_table(
        "training_job",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("progress", serving.platform.database.types.Json(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=40), nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        sa.Column("error", sa.String(length=500), nullable=True),
        sa.Column("requested_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("finished_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_training_job_state")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "snapshot_id"],
            ["snapshot.marketplace_id", "snapshot.snapshot_id"],
            name=op.f("fk_training_job_marketplace_id_snapshot_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_training_job_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "job_id", name=op.f("pk_training_job")),
    )
    op.create_table(
        "model",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("job_id", sa.String(length=40), nullable=False),
        sa.Column("report", serving.platform.database.types.Json(), nullable=False),
        sa.Column("mlflow_run_id", sa.String(length=64), nullable=True),
        sa.Column("mlflow_version", sa.String(length=20), nullable=True),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "job_id"],
            ["training_job.marketplace_id", "training_job.job_id"],
            name=op.f("fk_model_marketplace_id_job_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_model_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "digest", name=op.f("pk_model")),
    )
    op.create_table(
        "observation",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("observation_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("observed", serving.platform.database.types.Json(), nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_observation_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_observation_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_observation_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "observation_id", name=op.f("pk_observation")),
    )
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.create_index("ix_observation_listing", ["marketplace_id", "listing_id", "known_at"], unique=False)

    op.create_table(
        "score",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("score_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("facts_digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("scorer", sa.String(length=80), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("reasons", serving.platform.database.types.Json(), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("route_reasons", serving.platform.database.types.Json(), nullable=False),
        sa.Column("policy_version", sa.String(length=80), nullable=False),
        sa.Column("inclusion_probability", sa.Float(), nullable=False),
        sa.Column("scored_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('scorecard', 'calibrated')", name=op.f("ck_score_kind")),
        sa.CheckConstraint(
            "lane IN ('release', 'analyst', 'ask_brand', 'audit', 'insufficient_evidence')", name=op.f("ck_score_lane")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "facts_digest"],
            ["facts.marketplace_id", "facts.digest"],
            name=op.f("fk_score_marketplace_id_facts_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_score_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_score_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_score_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "score_id", name=op.f("pk_score")),
    )
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.create_index("ix_score_lane", ["marketplace_id", "lane"], unique=False)
        batch_op.create_index("ix_score_version", ["marketplace_id", "version_id", "scored_at"], unique=False)

    op.create_table(
        "promotion",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("promotion_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("promoted_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("promoted_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint("kind IN ('promote', 'rollback')", name=op.f("ck_promotion_kind")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "digest"],
            ["model.marketplace_id", "model.digest"],
            name=op.f("fk_promotion_marketplace_id_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_promotion_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "promotion_id", name=op.f("pk_promotion")),
    )
    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.create_index("ix_promotion_latest", ["marketplace_id", "promoted_at"], unique=False)

    op.create_table(
        "review_case",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("score_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("priority", sa.Float(), nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("leased_by", sa.String(length=40), nullable=True),
        sa.Column("leased_until", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("opened_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("decided_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("follows_case_id", sa.String(length=40), nullable=True),
        sa.Column("question_returned", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "lane IN ('ask_brand', 'analyst', 'audit', 'insufficient_evidence', 'appeal')",
            name=op.f("ck_review_case_lane"),
        ),
        sa.CheckConstraint("state IN ('open', 'decided', 'stale')", name=op.f("ck_review_case_state")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_review_case_brand_id")),
        sa.ForeignKeyConstraint(["leased_by"], ["account.user_id"], name=op.f("fk_review_case_leased_by")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "follows_case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_review_case_marketplace_id_follows_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_review_case_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "score_id"],
            ["score.marketplace_id", "score.score_id"],
            name=op.f("fk_review_case_marketplace_id_score_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_review_case_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_review_case_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "case_id", name=op.f("pk_review_case")),
    )
    with op.batch_alter_table("review_case", schema=None) as batch_op:
        batch_op.create_index("ix_review_case_brand", ["marketplace_id", "brand_id", "state"], unique=False)
        batch_op.create_index("ix_review_case_queue", ["marketplace_id", "state", "lane", "priority"], unique=False)
        batch_op.create_index(
            "ux_review_case_one_open",
            ["marketplace_id", "listing_id"],
            unique=True,
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )

    op.create_table(
        "case_event",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_case_event_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_case_event_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "event_id", name=op.f("pk_case_event")),
    )
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.create_index("ix_case_event_case", ["marketplace_id", "case_id", "known_at"], unique=False)

    op.create_table(
        "verdict",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("judgement", sa.String(length=40), nullable=False),
        sa.Column("reason_code", sa.String(length=40), nullable=True),
        sa.Column("side", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=40), nullable=False),
        sa.Column("user_id", sa.String(length=40), nullable=False),
        sa.Column("brand_id", sa.String(length=40), nullable=True),
        sa.Column("supersedes_id", sa.String(length=40), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=True),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.CheckConstraint(
            "judgement IN ('counterfeit', 'genuine', 'grey_market', 'licensed', 'cannot_tell', 'needs_test_buy', 'withdrawn')",
            name=op.f("ck_verdict_judgement"),
        ),
        sa.CheckConstraint("side IN ('analyst', 'brand')", name=op.f("ck_verdict_side")),
        sa.ForeignKeyConstraint(["brand_id"], ["brand.brand_id"], name=op.f("fk_verdict_brand_id")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_verdict_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_verdict_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "supersedes_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_verdict_marketplace_id_supersedes_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_verdict_marketplace_id_version_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_verdict_marketplace_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["account.user_id"], name=op.f("fk_verdict_user_id")),
        sa.PrimaryKeyConstraint("marketplace_id", "verdict_id", name=op.f("pk_verdict")),
        sa.UniqueConstraint("marketplace_id", "supersedes_id", name=op.f("uq_verdict_marketplace_id_supersedes_id")),
    )
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.create_index("ix_verdict_case", ["marketplace_id", "case_id"], unique=False)
        batch_op.create_index("ix_verdict_listing", ["marketplace_id", "listing_id", "known_at"], unique=False)
        batch_op.create_index("ix_verdict_person", ["user_id", "known_at"], unique=False)

    op.create_table(
        "action",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("verdict_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("statement", serving.platform.database.types.Json(), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("leaves_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("due_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("sent_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("acknowledged_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.Column("last_error", sa.String(length=500), nullable=True),
        sa.CheckConstraint("kind IN ('remove', 'reinstate')", name=op.f("ck_action_kind")),
        sa.CheckConstraint(
            "state IN ('scheduled', 'withdrawn', 'sending', 'acknowledged', 'dead')", name=op.f("ck_action_state")
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_action_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "verdict_id"],
            ["verdict.marketplace_id", "verdict.verdict_id"],
            name=op.f("fk_action_marketplace_id_verdict_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_action_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "action_id", name=op.f("pk_action")),
        sa.UniqueConstraint(
            "marketplace_id", "listing_id", "sequence", name=op.f("uq_action_marketplace_id_listing_id_sequence")
        ),
    )
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.create_index("ix_action_due", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "ux_action_one_open",
            ["marketplace_id", "listing_id", "kind"],
            unique=True,
            sqlite_where=sa.text("state IN ('scheduled', 'sending', 'dead')"),
            postgresql_where=sa.text("state IN ('scheduled', 'sending', 'dead')"),
        )

    op.create_table(
        "appeal",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("appeal_id", sa.String(length=40), nullable=False),
        sa.Column("listing_id", sa.String(length=40), nullable=False),
        sa.Column("action_id", sa.String(length=40), nullable=False),
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("statement", sa.String(length=5000), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("occurred_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("known_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("decided_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'upheld', 'dismissed')", name=op.f("ck_appeal_state")),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "action_id"],
            ["action.marketplace_id", "action.action_id"],
            name=op.f("fk_appeal_marketplace_id_action_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "case_id"],
            ["review_case.marketplace_id", "review_case.case_id"],
            name=op.f("fk_appeal_marketplace_id_case_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "listing_id"],
            ["listing.marketplace_id", "listing.listing_id"],
            name=op.f("fk_appeal_marketplace_id_listing_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_appeal_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "appeal_id", name=op.f("pk_appeal")),
        sa.UniqueConstraint("marketplace_id", "action_id", name=op.f("uq_appeal_marketplace_id_action_id")),
        sa.UniqueConstraint("marketplace_id", "external_id", name=op.f("uq_appeal_marketplace_id_external_id")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("appeal")
    with op.batch_alter_table("action", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_action_one_open",
            sqlite_where=sa.text("state IN ('scheduled', 'sending', 'dead')"),
            postgresql_where=sa.text("state IN ('scheduled', 'sending', 'dead')"),
        )
        batch_op.drop_index("ix_action_due")

    op.drop_table("action")
    with op.batch_alter_table("verdict", schema=None) as batch_op:
        batch_op.drop_index("ix_verdict_person")
        batch_op.drop_index("ix_verdict_listing")
        batch_op.drop_index("ix_verdict_case")

    op.drop_table("verdict")
    with op.batch_alter_table("case_event", schema=None) as batch_op:
        batch_op.drop_index("ix_case_event_case")

    op.drop_table("case_event")
    with op.batch_alter_table("review_case", schema=None) as batch_op:
        batch_op.drop_index(
            "ux_review_case_one_open",
            sqlite_where=sa.text("state = 'open'"),
            postgresql_where=sa.text("state = 'open'"),
        )
        batch_op.drop_index("ix_review_case_queue")
        batch_op.drop_index("ix_review_case_brand")

    op.drop_table("review_case")
    with op.batch_alter_table("promotion", schema=None) as batch_op:
        batch_op.drop_index("ix_promotion_latest")

    op.drop_table("promotion")
    with op.batch_alter_table("score", schema=None) as batch_op:
        batch_op.drop_index("ix_score_version")
        batch_op.drop_index("ix_score_lane")

    op.drop_table("score")
    with op.batch_alter_table("observation", schema=None) as batch_op:
        batch_op.drop_index("ix_observation_listing")

    op.drop_table("observation")
    op.drop_table("model")
    op.drop_table("training_job")
    with op.batch_alter_table("listing_version", schema=None) as batch_op:
        batch_op.drop_index("ix_listing_version_known")

    op.drop_table("listing_version")
    op.drop_table("webhook_endpoint")
    op.drop_table("snapshot")
    with op.batch_alter_table("seller_event", schema=None) as batch_op:
        batch_op.drop_index("ix_seller_event_window")

    op.drop_table("seller_event")
    op.drop_table("seller")
    op.drop_table("role_grant")
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_index("ix_quarantine_known")

    op.drop_table("quarantine")
    op.drop_table("price_reference")
    with op.batch_alter_table("listing", schema=None) as batch_op:
        batch_op.drop_index("ix_listing_seller")
        batch_op.drop_index("ix_listing_current")

    op.drop_table("listing")
    op.drop_table("facts")
    with op.batch_alter_table("browser_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_browser_session_user_id"))

    op.drop_table("browser_session")
    op.drop_table("brand_enrolment")
    op.drop_table("authorised_seller")
    op.drop_table("audit_payload")
    op.drop_table("api_key")
    op.drop_table("simulated_clock")
    op.drop_table("setup_token")
    op.drop_table("marketplace")
    op.drop_table("exchange_rate")
    op.drop_table("brand")
    op.drop_table("audit_head")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_entry_subject"))

    op.drop_table("audit_entry")
    op.drop_table("account")
