"""Rules of transparency. Standard library only."""
