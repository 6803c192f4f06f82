"""Rules of brands. Standard library only."""
