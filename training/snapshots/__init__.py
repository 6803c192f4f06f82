"""Labelled rows: snapshots, files, references, and whether they are sound."""
