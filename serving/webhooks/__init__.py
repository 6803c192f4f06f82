"""Webhook endpoints, the outbox, and the signed client that delivers it."""
