"""Verification of the audit log: its chain, its signed heads, and the rows that it speaks of."""
