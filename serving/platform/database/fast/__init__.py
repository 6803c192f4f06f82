"""Statements that SQLAlchemy does not execute itself; others import `door` alone (docs/fast-paths.md)."""
