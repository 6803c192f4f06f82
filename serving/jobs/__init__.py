"""Durable jobs on DBOS: what must happen even if this process ends now."""
