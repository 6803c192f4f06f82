"""Erasure on request, retention periods and legal holds."""
