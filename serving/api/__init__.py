"""The machine's door: JSON over HTTP."""
