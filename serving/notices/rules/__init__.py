"""Rules of notices. Standard library only."""
