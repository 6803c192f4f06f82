"""Intake of listings: checked, compared, scored, routed and stored in one transaction."""
