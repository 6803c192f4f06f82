"""Commands on what a home holds, a module a subject; each is declared once, for the command line and the service."""
