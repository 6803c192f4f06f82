"""The hook for the supporting documents of a case.

Takedowns must not import reports, so the composition registers it.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class EvidenceHooks:
    """Called with the marketplace and the case: the digests of the documents that a report carries for it."""

    documents_of: Callable[[Connection, str, str], list[str]]
