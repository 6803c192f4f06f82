"""How much a seller may hand in for a removal."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SellerEvidencePolicy:
    """Settings of `models.seller_evidence`; sizes in bytes."""

    # A photograph of a telephone has 2 to 8 MB as JPEG, a scanned invoice less.
    largest_document: int = 8_000_000
    # Invoices, delivery notes and pictures of the goods; who needs more can put pages into one PDF.
    most_documents: int = 10
    # All of one removal. A link is public to whoever holds it, so this is what a leaked one can cost.
    most_bytes: int = 30_000_000


DEFAULT_SELLER_EVIDENCE: Final = SellerEvidencePolicy()
