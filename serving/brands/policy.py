"""The settings of the rules of brands: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# The certification of brand users.


@dataclass(frozen=True, slots=True)
class EnrolmentPolicy:
    """Settings of `serving.brands.rules.certification.gate_for`.

    The numbers are inferred.
    """

    # Rules, goods and people change; most compliance trainings are valid for a year.
    certification_valid_days: int = 365
    # A month is enough to answer eight questions again before the certification expires.
    certification_warned_days: int = 30
    # A person who failed reads the reasons before the next try; the wait is long enough that guessing does not pay.
    certification_retry_minutes: int = 10


DEFAULT_ENROLMENT: Final = EnrolmentPolicy()


# Entries of a brand's list of authorised sellers that its account manager looks at before they hold.


@dataclass(frozen=True, slots=True)
class AuthorisationPolicy:
    """Settings of `serving.brands.rules.authorisation`. The number is our own choice."""

    # A brand names its new shops one by one. A stolen account that hides a network of shops names many, and a seller
    # of counterfeits of the brand is looked at from the first.
    most_a_day: int = 50


DEFAULT_AUTHORISATION: Final = AuthorisationPolicy()


# Proposals of other names of a brand, from the brands that people named for listings.

LONGEST_ALIAS: Final = 60  # Characters; longer declared brands are sentences.


@dataclass(frozen=True, slots=True)
class AliasPolicy:
    """Settings of `serving.brands.rules.alias_proposals`. The numbers are our own choices."""

    # One listing is a slip of the seller, two may be one batch of goods.
    fewest_listings: int = 3
    # A spelling of a single seller is that seller's own wording and no name in trade.
    fewest_sellers: int = 2
    # Of the corrected listings with the spelling; one that as often means another brand resolves nothing.
    least_share: Decimal = Decimal("0.9")
    # Two letters stand in too many words of every language.
    fewest_characters: int = 3
    # A dismissal is a decision about the evidence of its time; twice as much is new evidence.
    again_at_times: int = 2
    # Aliases of a brand from proposals; each is searched in every title.
    most_aliases: int = 50


DEFAULT_ALIASES: Final = AliasPolicy()


# The limits of rights and their documents, and the days of notice before a right ends.


@dataclass(frozen=True, slots=True)
class RightsPolicy:
    """Settings of `serving.brands.rules.rights` and of the upload of rights and their documents."""

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


# When a brand needs its account manager.


@dataclass(frozen=True, slots=True)
class AttentionPolicy:
    """Settings of `serving.brands.rules.attention`. The number is inferred."""

    # Questions expire after four days. A brand that let some expire and was silent for two weeks has most likely lost
    # its contact; a call finds out sooner than a third silence.
    silent_after_days: int = 14


DEFAULT_ATTENTION: Final = AttentionPolicy()
