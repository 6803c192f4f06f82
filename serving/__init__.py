"""The world: HTTP, pages, database, durable jobs, command line."""
