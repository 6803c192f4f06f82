"""Pages of account managers: their brands, and what they decide for each."""
