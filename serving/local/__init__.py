"""Commands of whoever owns the home: over the running service's Unix socket, or on the database when none runs."""
