"""Compiled kernels: where they are kept, and the signature without which none is read."""
