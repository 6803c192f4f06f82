"""The settings of the rules of rights: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The conditions for an intellectual-property right to carry a notice, and the days of notice before its end.


@dataclass(frozen=True, slots=True)
class RightsPolicy:
    """Settings of `serving.rights.rules.rights` and of the door at which rights and their documents are supplied."""

    # The European Union's members (ISO 3166): a mark or design of the EUIPO holds in all of them (Regulation (EU)
    # 2017/1001, Article 1(2): "unitary character").
    union: tuple[str, ...] = (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
    # Renewal can be asked for from six months before the end (the same, Article 53(3)); two months leave time to act.
    told_before_expiry_days: int = 60
    # A certificate of registration or a power of attorney is a few pages.
    largest_document_bytes: int = 2_000_000
    # One certificate can stand behind many rights, and replaced ones stay, because earlier notices under them stay
    # valid.
    most_documents_of_a_brand: int = 1_000
    # Some six hundred scans of a few pages. They are in the database, and so in every backup of it.
    most_document_bytes_of_a_brand: int = 200_000_000
    # A house of brands with some hundred marks in each of a handful of offices; more is a mistake of a script.
    most_rights_of_a_brand: int = 2_000


DEFAULT_RIGHTS: Final = RightsPolicy()
