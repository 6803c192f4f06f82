"""The audit log: one hash chain, its signed heads, and reading it."""
