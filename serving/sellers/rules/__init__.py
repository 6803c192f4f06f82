"""Rules of sellers. Standard library only."""
