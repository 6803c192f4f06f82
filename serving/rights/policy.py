"""The settings of the rules of rights: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The limits of rights and their documents, and the days of notice before a right ends.


@dataclass(frozen=True, slots=True)
class RightsPolicy:
    """Settings of `serving.rights.rules.rights` and of the upload of rights and their documents."""

    # The European Union's members (ISO 3166): a mark or design of the EUIPO holds in all of them (Regulation (EU)
    # 2017/1001, Article 1(2): "unitary character").
    union: tuple[str, ...] = (
        *("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU"),
        *("IE", "IT", "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK"),
    )
    # Renewal can be requested from six months before the end (Article 53(3)); two months leave time to act.
    told_before_expiry_days: int = 60
    # A certificate of registration or a power of attorney is a few pages.
    largest_document_bytes: int = 2_000_000
    # One certificate can prove many rights. Replaced certificates stay, because earlier notices under them stay
    # valid.
    most_documents_of_a_brand: int = 1_000
    # About six hundred scans of a few pages. They are in the database, and so in every backup of it.
    most_document_bytes_of_a_brand: int = 200_000_000
    # A company with several hundred marks in each of a handful of offices; more is a mistake of a script.
    most_rights_of_a_brand: int = 2_000


DEFAULT_RIGHTS: Final = RightsPolicy()
