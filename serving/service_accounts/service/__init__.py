"""Service accounts, made and kept by the leads of a brand, and the requests that they sign."""
