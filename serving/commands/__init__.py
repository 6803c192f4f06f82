"""Commands on the data directory, one module a subject; each is declared once, for command line and service."""
