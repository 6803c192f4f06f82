"""Scoring, routing and labelling: pure rules without I/O."""
