"""What was known about a listing, turned into numbers. Pure: no clock, network, database or settings."""
