"""Rules of brands."""
