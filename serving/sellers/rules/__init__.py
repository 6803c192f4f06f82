"""Rules of sellers."""
