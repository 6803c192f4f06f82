"""Analysts' pages: the review queue with its rail, search, and each reviewer's own figures."""
