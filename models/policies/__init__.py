"""Frozen, versioned settings of the rules; every constant has its reason beside it."""
