"""Rules of appeals. Standard library only."""
