"""Plays the synthetic marketplace through the front door, on the simulated clock, with real processes."""
