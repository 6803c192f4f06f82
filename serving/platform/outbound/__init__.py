"""Outbound HTTP: addresses that may be called, exchanges, pictures."""
