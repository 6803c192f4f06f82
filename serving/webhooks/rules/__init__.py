"""Rules of webhooks. Standard library only."""
