"""The tables of platform."""

from sqlalchemy import BigInteger, Column, Integer, Table

from serving.platform.database.schema import metadata

simulated_clock = Table(
    "simulated_clock",
    metadata,
    Column("clock_id", Integer, primary_key=True, autoincrement=False),
    Column("offset_microseconds", BigInteger, nullable=False),
)
