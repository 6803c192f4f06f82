"""The facts of a listing as numbers. Pure: no clock, network, database or settings."""
