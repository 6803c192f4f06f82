"""The documents of a case: those of sellers, of notices and of brands' reports."""
