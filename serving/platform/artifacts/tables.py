"""The tables of shared files."""

import sqlalchemy as sa

from serving.platform.database.schema import metadata, moment, word

# A file is written once and never changes. A model of one content belongs to every marketplace that trained it, so
# neither table has a marketplace.
artifact = sa.Table(
    "artifact",
    metadata,
    sa.Column("kind", word("kind").type, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    moment("stored_at"),
)

# In parts, because one value of a gigabyte is read and written as a whole.
artifact_part = sa.Table(
    "artifact_part",
    metadata,
    sa.Column("kind", word("kind").type, primary_key=True),
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.ForeignKeyConstraint(["kind", "digest"], ["artifact.kind", "artifact.digest"]),
)
