"""The tables of operations."""

from sqlalchemy import Column, Float, String, Table

from serving.platform.database.schema import metadata, moment
from serving.platform.database.types import Json

# Processes that run jobs, by the name of each; `found` is the work of the last sweep, `lacks` the champions that the
# process could not load, as a sentence by marketplace.
worker_process = Table(
    "worker_process",
    metadata,
    Column("worker_id", String(80), primary_key=True),
    Column("process", String(120), nullable=False),
    moment("started_at"),
    moment("seen_at"),
    Column("sweep_seconds", Float, nullable=False),
    Column("work_counts", Json, nullable=False),
    Column("lacks", Json, nullable=False),
)
