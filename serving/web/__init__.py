"""The people's door: pages that work as plain forms, sharpened by htmx and a few keys."""
