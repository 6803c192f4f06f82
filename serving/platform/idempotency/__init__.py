"""Requests that a caller may repeat: the first does the work, the others get its response."""
