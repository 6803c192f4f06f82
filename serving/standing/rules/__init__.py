"""Rules of standing. Standard library only."""
