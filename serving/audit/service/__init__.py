"""The signed heads of the audit log: their file, and who signs."""
