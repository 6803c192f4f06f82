"""Rules of review. Standard library only."""
