"""Rules of account management. Standard library only."""
