"""Rules of learning. Standard library only."""
