"""What every request has: a number, a line in the log, and where its caller wants one, a stored response."""
