"""The tables of learning."""

import sqlalchemy as sa

from serving.platform.database.schema import ID, id_column, metadata, moment, tenant_table, within, word
from serving.platform.database.types import CompressedBytes, Json

# The results of learning.

snapshot = tenant_table(
    "snapshot",
    "snapshot_id",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("positives", sa.Integer, nullable=False),
    moment("as_of"),
    moment("created_at"),
)

training_job = tenant_table(
    "training_job",
    "job_id",
    word("state", ("waiting", "running", "done", "failed")),
    sa.Column("progress", Json, nullable=False),
    id_column("snapshot_id", nullable=True),
    sa.Column("digest", sa.String(64), nullable=True),
    sa.Column("error", sa.String(500), nullable=True),
    sa.Column("requested_by", sa.String(200), nullable=False),
    # Why the service started it by itself; null where somebody requested it.
    sa.Column("cause", Json, nullable=True),
    moment("created_at"),
    moment("finished_at", nullable=True),
    within("snapshot_id", "snapshot"),
)

# The last decision about a training without a person, and its figures.
retraining_check = sa.Table(
    "retraining_check",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("decision", Json, nullable=False),
    moment("looked_at"),
    sa.PrimaryKeyConstraint("marketplace_id"),
)

second_review = tenant_table(
    "second_review",
    "second_review_id",
    id_column("job_id"),
    id_column("listing_id"),
    id_column("version_id"),
    word("why", ("doubted", "alone", "golden")),
    sa.Column("label", sa.Integer, nullable=False),
    sa.Column("probability", sa.Float, nullable=True),
    sa.Column("doubt", sa.Float, nullable=True),
    id_column("case_id", nullable=True),
    moment("found_at"),
    within("job_id", "training_job"),
    within("listing_id", "listing"),
    within("version_id", "listing_version"),
    within("case_id", "review_case"),
    sa.UniqueConstraint("marketplace_id", "job_id", "version_id"),
    sa.Index("ix_second_review_case", "marketplace_id", "case_id"),
)

model = sa.Table(
    "model",
    metadata,
    sa.Column("marketplace_id", ID, sa.ForeignKey("marketplace.marketplace_id"), nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    id_column("job_id"),
    sa.Column("report", Json, nullable=False),
    sa.Column("mlflow_run_id", sa.String(64), nullable=True),
    sa.Column("mlflow_version", sa.String(20), nullable=True),
    moment("created_at"),
    sa.PrimaryKeyConstraint("marketplace_id", "digest"),
    within("job_id", "training_job"),
)

golden_set = tenant_table(
    "golden_set",
    "golden_set_id",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("items", sa.Integer, nullable=False),
    sa.Column("positives", sa.Integer, nullable=False),
    sa.Column("content", CompressedBytes, nullable=False),
    sa.Column("frozen_by", sa.String(200), nullable=False),
    moment("frozen_at"),
)

promotion = tenant_table(
    "promotion",
    "promotion_id",
    sa.Column("digest", sa.String(64), nullable=False),
    word("kind", ("promote", "rollback")),
    sa.Column("promoted_by", sa.String(200), nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    moment("promoted_at"),
    sa.ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    sa.Index("ix_promotion_latest", "marketplace_id", "promoted_at"),
)

promotion_approval = tenant_table(
    "promotion_approval",
    "approval_id",
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("approved_by", sa.String(200), nullable=False),
    sa.Column("reason", sa.String(500), nullable=False),
    sa.Column("beside", sa.String(64), nullable=True),
    moment("approved_at"),
    moment("withdrawn_at", nullable=True),
    id_column("promotion_id", nullable=True),
    sa.ForeignKeyConstraint(["marketplace_id", "digest"], ["model.marketplace_id", "model.digest"]),
    within("promotion_id", "promotion"),
    sa.Index("ix_promotion_approval_model", "marketplace_id", "digest", "approved_at"),
)

drift_report = tenant_table(
    "drift_report",
    "report_id",
    sa.Column("report", Json, nullable=False),
    moment("made_at"),
    sa.Index("ix_drift_report_made", "marketplace_id", "made_at"),
)

# A person's explanation of a feature that stays shifted; it quiets the alarm until the shift worsens.
drift_acknowledgement = tenant_table(
    "drift_acknowledgement",
    "acknowledgement_id",
    sa.Column("feature", sa.String(100), nullable=False),
    sa.Column("champion", sa.String(64), nullable=True),
    sa.Column("psi", sa.Float, nullable=False),
    sa.Column("note", sa.String(500), nullable=False),
    sa.Column("acknowledged_by", sa.String(200), nullable=False),
    moment("acknowledged_at"),
    moment("withdrawn_at", nullable=True),
    sa.Index("ix_drift_acknowledgement_feature", "marketplace_id", "feature", "acknowledged_at"),
)
