"""The only package that touches tables."""
