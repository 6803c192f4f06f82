"""The tables of platform."""

from sqlalchemy import BigInteger, Column, Integer, String, Table

from serving.platform.database.schema import metadata, moment, word

simulated_clock = Table(
    "simulated_clock",
    metadata,
    Column("clock_id", Integer, primary_key=True, autoincrement=False),
    Column("offset_microseconds", BigInteger, nullable=False),
)

# Of the secrets that all processes of the database have in common.
secret_fingerprint = Table(
    "secret_fingerprint",
    metadata,
    Column("name", word("name").type, primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    moment("recorded_at"),
)
