"""Trials"""

import sqlalchemy as sa
from alembic import op

import serving.platform.database.types

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "trial",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("trial_id", sa.String(length=40), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("share", sa.Float(), nullable=False),
        sa.Column("started_by", sa.String(length=200), nullable=False),
        sa.Column("started_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.Column("ended_at", serving.platform.database.types.UtcTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "digest"],
            ["model.marketplace_id", "model.digest"],
            name=op.f("fk_trial_marketplace_id_digest"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id"], ["marketplace.marketplace_id"], name=op.f("fk_trial_marketplace_id")
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "trial_id", name=op.f("pk_trial")),
    )
    op.create_table(
        "trial_score",
        sa.Column("marketplace_id", sa.String(length=40), nullable=False),
        sa.Column("trial_id", sa.String(length=40), nullable=False),
        sa.Column("version_id", sa.String(length=40), nullable=False),
        sa.Column("champion_probability", sa.Float(), nullable=True),
        sa.Column("champion_lane", sa.String(length=40), nullable=False),
        sa.Column("challenger_probability", sa.Float(), nullable=True),
        sa.Column("challenger_lane", sa.String(length=40), nullable=False),
        sa.Column("challenger_decided", sa.Boolean(), nullable=False),
        sa.Column("scored_at", serving.platform.database.types.UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "trial_id"],
            ["trial.marketplace_id", "trial.trial_id"],
            name=op.f("fk_trial_score_marketplace_id_trial_id"),
        ),
        sa.ForeignKeyConstraint(
            ["marketplace_id", "version_id"],
            ["listing_version.marketplace_id", "listing_version.version_id"],
            name=op.f("fk_trial_score_marketplace_id_version_id"),
        ),
        sa.PrimaryKeyConstraint("marketplace_id", "trial_id", "version_id", name=op.f("pk_trial_score")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("trial_score")
    op.drop_table("trial")
