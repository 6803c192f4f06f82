"""What the home's owner can ask of a service, a module a subject."""
