"""Migrations: how Alembic revisions bring a database to the schema of this version."""
