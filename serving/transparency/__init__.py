"""Statements of reasons, transparency tables and reports."""
