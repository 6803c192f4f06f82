"""Listings in: checked, compared, scored, routed and stored in one transaction."""
