"""Service accounts: a brand's own tools, which sign each request."""
