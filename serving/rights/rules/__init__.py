"""Rules of rights. Standard library only."""
