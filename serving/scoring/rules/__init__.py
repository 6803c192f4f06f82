"""Rules of scoring. Standard library only."""
