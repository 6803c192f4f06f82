"""Marketplaces, their API keys and the switches of their automatic rules."""
