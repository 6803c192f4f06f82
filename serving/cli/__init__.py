"""The command `touchstone`."""
