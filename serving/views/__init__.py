"""Read-only joins over the tables of many subjects, for pages and lists."""
