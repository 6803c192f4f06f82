"""The families of named evidence, and whether those of a listing are a reason to ask a person."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final


class EvidenceFamily(StrEnum):
    """The closed list of what a brand or an analyst can act on. Letter counts and numbers of photographs are not."""

    PRICE = "price"  # Against the brand's list price or the median of enough listings of its goods.
    WORDING = "wording"  # Precise and rare: "1:1 mirror quality".
    COMBINED = "combined"  # Wording that counts beside other findings: "factory", "1:1".
    BRAND = "brand"  # A name one letter from a registered one.
    OBFUSCATION = "obfuscation"
    CONTACT = "contact"
    COPY = "copy"  # Of a confirmed counterfeit.
    SELLER = "seller"  # The seller's judged history, or that of sellers it is linked to.
    INDICATOR = "indicator"  # Named by the brand.
    RETURNS = "returns"  # Buyers sent the goods back as counterfeit.


# Of routed listings of the demo with one of these alone, 6 to 10 % were counterfeit: retailers sell cheaply, write
# "OEM quality" and misspell names. With two of them 44 % were (docs/simulation.md, "Evidence").
_CORROBORATING: Final = frozenset({EvidenceFamily.PRICE, EvidenceFamily.COMBINED, EvidenceFamily.BRAND})


def suffices(families: Collection[EvidenceFamily]) -> bool:
    """Whether these families are a reason to ask a person: one that convinces by itself, or two of the others."""
    return len(set(families)) > 1 or not _CORROBORATING.issuperset(families)
