"""Intellectual-property rights of brands, their documents and powers of attorney."""
