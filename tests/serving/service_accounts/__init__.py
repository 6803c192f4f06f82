"""Service accounts: rules, keys and people."""
