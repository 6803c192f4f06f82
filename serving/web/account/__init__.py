"""People of the service: signing in, settings, invitations, keys, help."""
