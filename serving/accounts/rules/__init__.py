"""Rules of accounts. Standard library only."""
