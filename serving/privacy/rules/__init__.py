"""Rules of privacy. Standard library only."""
