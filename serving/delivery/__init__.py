"""Delivery of webhook messages: attempts, receivers, dead letters."""
