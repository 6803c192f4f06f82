"""Mail: what the service tells people by e-mail, queued with what it tells of and sent by a durable job."""
