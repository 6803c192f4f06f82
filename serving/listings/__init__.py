"""Listings with their versions, observations, facts, scores and text signatures; quarantine; search."""
