"""The tables of platform."""

import sqlalchemy as sa

from serving.platform.database.schema import metadata, moment, word

simulated_clock = sa.Table(
    "simulated_clock",
    metadata,
    sa.Column("clock_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("offset_microseconds", sa.BigInteger, nullable=False),
)

# Of the secrets that all processes of the database have in common.
secret_fingerprint = sa.Table(
    "secret_fingerprint",
    metadata,
    sa.Column("name", word("name").type, primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    moment("recorded_at"),
)
