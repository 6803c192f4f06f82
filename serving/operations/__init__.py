"""Health, figures, switches, the circuit breaker and housekeeping."""
