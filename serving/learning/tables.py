"""The tables of learning."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import CompressedBytes, Json

# The results of learning.

snapshot = tenant_table(
    "snapshot",
    "snapshot_id",
    Column("digest", String(64), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("positives", Integer, nullable=False),
    moment("as_of"),
    moment("created_at"),
)

training_job = tenant_table(
    "training_job",
    "job_id",
    word("state", ("waiting", "running", "done", "failed")),
    Column("progress", Json, nullable=False),
    id_column("snapshot_id", nullable=True),
    Column("digest", String(64), nullable=True),
    Column("error", String(500), nullable=True),
    Column("requested_by", String(200), nullable=False),
    # Why the service started it by itself; null where somebody requested it.
    Column("cause", Json, nullable=True),
    moment("created_at"),
    moment("finished_at", nullable=True),
    within("snapshot_id", "snapshot"),
)

# The last decision about a training without a person, and its figures.
retraining_check = Table(
    "retraining_check",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("decision", Json, nullable=False),
    moment("looked_at"),
    PrimaryKeyConstraint("marketplace_id"),
)

second_review = tenant_table(
    "second_review",
    "second_review_id",
    id_column("job_id"),
    id_column("listing_id"),
    id_column("version_id"),
    word("why", ("doubted", "alone", "golden")),
    Column("label", Integer, nullable=False),
    Column("probability", Float, nullable=True),
    Column("doubt", Float, nullable=True),
    id_column("case_id", nullable=True),
    moment("found_at"),
    within("job_id", "training_job"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("case_id", "review_case"),
    UniqueConstraint("marketplace_id", "job_id", "version_id"),
    Index("ix_second_review_case", "marketplace_id", "case_id"),
)

model = Table(
    "model",
    metadata,
    Column("marketplace_id", ID, ForeignKey("marketplace.marketplace_id"), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    id_column("job_id"),
    Column("report", Json, nullable=False),
    Column("mlflow_run_id", String(64), nullable=True),
    Column("mlflow_version", String(20), nullable=True),
    moment("created_at"),
    PrimaryKeyConstraint("marketplace_id", "digest"),
    within("job_id", "training_job"),
)

golden_set = tenant_table(
    "golden_set",
    "golden_set_id",
    Column("digest", String(64), nullable=False),
    Column("items", Integer, nullable=False),
    Column("positives", Integer, nullable=False),
    Column("content", CompressedBytes, nullable=False),
    Column("frozen_by", String(200), nullable=False),
    moment("frozen_at"),
)

promotion = tenant_table(
    "promotion",
    "promotion_id",
    Column("digest", String(64), nullable=False),
    word("kind", ("promote", "rollback")),
    Column("promoted_by", String(200), nullable=False),
    Column("note", String(500), nullable=False),
    moment("promoted_at"),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    Index("ix_promotion_latest", "marketplace_id", "promoted_at"),
)

promotion_approval = tenant_table(
    "promotion_approval",
    "approval_id",
    Column("digest", String(64), nullable=False),
    Column("approved_by", String(200), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("beside", String(64), nullable=True),
    moment("approved_at"),
    moment("withdrawn_at", nullable=True),
    id_column("promotion_id", nullable=True),
    ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    within("promotion_id", "promotion"),
    Index("ix_promotion_approval_model", "marketplace_id", "digest", "approved_at"),
)

drift_report = tenant_table(
    "drift_report",
    "report_id",
    Column("report", Json, nullable=False),
    moment("made_at"),
    Index("ix_drift_report_made", "marketplace_id", "made_at"),
)

# A person's explanation of a feature that stays shifted; it quiets the alarm until the shift worsens.
drift_acknowledgement = tenant_table(
    "drift_acknowledgement",
    "acknowledgement_id",
    Column("feature", String(100), nullable=False),
    Column("champion", String(64), nullable=True),
    Column("psi", Float, nullable=False),
    Column("note", String(500), nullable=False),
    Column("acknowledged_by", String(200), nullable=False),
    moment("acknowledged_at"),
    moment("withdrawn_at", nullable=True),
    Index("ix_drift_acknowledgement_feature", "marketplace_id", "feature", "acknowledged_at"),
)
