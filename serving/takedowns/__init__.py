"""Removals: actions, holds, evidence, statements of reasons, verification."""
