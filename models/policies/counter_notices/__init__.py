"""Whose rules a marketplace lets sellers answer a removal by: one file a profile."""
