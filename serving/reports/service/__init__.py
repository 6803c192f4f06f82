"""Reports in transactions."""
