"""How a database comes to the schema of this version: revisions by Alembic, above the tables that they make."""
