"""The revisions; each names its predecessor."""
