"""Backups of a data directory: made while the service runs, verified, and restored."""
