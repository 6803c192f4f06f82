"""Marketplaces, their API keys and the kill switches of their automatic rules."""
