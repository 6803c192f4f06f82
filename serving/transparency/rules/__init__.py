"""Rules of transparency."""
