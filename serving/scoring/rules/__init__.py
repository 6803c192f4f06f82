"""Rules of scoring."""
