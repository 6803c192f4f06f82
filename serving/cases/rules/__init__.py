"""Rules of cases. Standard library only."""
