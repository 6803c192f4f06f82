"""Rules of review."""
