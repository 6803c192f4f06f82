"""Scores of a file, on several processes or a cluster."""
