"""The tables of shared files."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, LargeBinary, String, Table

from serving.platform.database.schema import metadata, moment, word

# A file is written once and never changes. A model of one content belongs to every marketplace that trained it, so
# neither table has a marketplace.
artifact = Table(
    "artifact",
    metadata,
    Column("kind", word("kind").type, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    moment("stored_at"),
)

# In parts, because one value of a gigabyte is read and written as a whole.
artifact_part = Table(
    "artifact_part",
    metadata,
    Column("kind", word("kind").type, primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", LargeBinary, nullable=False),
    ForeignKeyConstraint(["kind", "digest"], ["artifact.kind", "artifact.digest"]),
)
