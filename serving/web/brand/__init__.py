"""Brands and their account managers: questions, what a brand has on file, standing, messages."""
