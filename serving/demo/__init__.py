"""Plays the synthetic marketplace through the public interface, on the simulated clock, with real processes."""
