"""The outer layer: HTTP, pages, database, durable jobs, command line."""
