"""Rules of account management."""
