"""The tables of operations."""

import sqlalchemy as sa

from serving.platform.database.schema import metadata, moment
from serving.platform.database.types import Json

# Processes that run jobs, by the name of each; `found` is the work of the last sweep, `lacks` the champions that the
# process could not load, as a sentence by marketplace.
worker_process = sa.Table(
    "worker_process",
    metadata,
    sa.Column("worker_id", sa.String(80), primary_key=True),
    sa.Column("process", sa.String(120), nullable=False),
    moment("started_at"),
    moment("seen_at"),
    sa.Column("sweep_seconds", sa.Float, nullable=False),
    sa.Column("work_counts", Json, nullable=False),
    sa.Column("lacks", Json, nullable=False),
)
