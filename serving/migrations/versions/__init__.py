"""The revisions, in the order that each names."""
