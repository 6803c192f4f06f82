"""The outcome of each reported listing."""
