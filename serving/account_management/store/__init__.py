"""Reads and writes of the tables of account management."""
