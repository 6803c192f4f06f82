"""Health, figures, kill switches, the circuit breaker and housekeeping."""
