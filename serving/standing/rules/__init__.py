"""Rules of standing."""
