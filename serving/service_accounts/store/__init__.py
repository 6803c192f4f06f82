"""The statements of service accounts."""
