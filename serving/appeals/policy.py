"""The settings of the rules of appeals: frozen and versioned, each constant with its reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

# The rules of a counter-notice profile.


class Days(StrEnum):
    """How the days of a deadline are counted."""

    BUSINESS = "business"  # In the seller's country, without its weekends and holidays.
    CALENDAR = "calendar"


class Silence(StrEnum):
    """The consequence of a deadline that passes without an answer."""

    REMOVAL_STANDS = "removal_stands"
    REINSTATED = "reinstated"
    REVIEWED = "reviewed"  # A person who did not take the earlier decision decides.


class MaintainingEvidence(StrEnum):
    """The evidence of a rights holder that makes the removal outlast a counter-notice."""

    REASONS = "reasons"
    COURT_ACTION = "court_action"


@dataclass(frozen=True, slots=True)
class CounterNoticePolicy:
    """Settings of `serving.appeals.rules.counter_notice`. A round is one counter-notice and the rights holder's answer
    to it.

    `seller_days` is None where the seller may answer as long as an appeal is open. `rights_holder_days` is None where
    the rights holder is not asked: the counter-notice goes to a person of the marketplace.
    """

    name: str
    most_rounds: int
    days: Days
    seller_days: int | None
    rights_holder_days: int | None
    later_round_days: int | None
    seller_silence: Silence
    rights_holder_silence: Silence
    maintaining: MaintainingEvidence


# How long a decision can be appealed against, and when appeals without ground lose priority.


@dataclass(frozen=True, slots=True)
class AppealPolicy:
    """Settings of `serving.appeals.rules.appeals`."""

    # Digital Services Act, Article 20(1): at least six months from being informed, for sellers and notifiers alike.
    open_months: int = 6
    # Article 23(2) covers those who frequently complain without ground; a record covers the year in which a strike
    # counts.
    record_days: int = 365
    # Article 23(3) asks for the number and the proportion. An honest seller hit by a wrong sweep stays under ten
    # dismissed appeals, because theirs are upheld; nine of ten is 'frequent' by any reading (inferred).
    frivolous_from: int = 10
    frivolous_share: float = 0.9


DEFAULT_APPEALS: Final = AppealPolicy()


# Rules like those of Alibaba's IP protection platform: three rounds, with three, seven and seven business days for the
# seller (its notice on time limits of counter-notifications, in force from 20 January 2022; zhiyixt.com/article/104).

ALIBABA_LIKE: Final = CounterNoticePolicy(
    name="alibaba_like",
    # A person decides a dispute after the third round. Ours.
    most_rounds=3,
    days=Days.BUSINESS,
    seller_days=3,
    # Alibaba's own number for the rights holder is not known to us; four days is Mercado Libre's.
    rights_holder_days=4,
    # The notice sets this for the seller. That it also applies to the rights holder is inferred.
    later_round_days=7,
    # A seller's silence leaves a removal as it is; the appeal stays open for six months.
    seller_silence=Silence.REMOVAL_STANDS,
    # A rights holder that does not answer does not keep a listing down: Mercado Libre's rule.
    rights_holder_silence=Silence.REINSTATED,
    maintaining=MaintainingEvidence.REASONS,
)


# Rules like those of Article 43 of China's E-Commerce Law.

CHINA_ARTICLE_43: Final = CounterNoticePolicy(
    name="china_article_43",
    most_rounds=1,
    days=Days.CALENDAR,
    # The article sets the operator on the platform no deadline for its declaration of non-infringement.
    seller_days=None,
    # Within 15 days of the declaration's arrival (Article 43), else the measures end at once.
    rights_holder_days=15,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    # A complaint to the authority in charge, or a lawsuit.
    maintaining=MaintainingEvidence.COURT_ACTION,
)


# Rules like those of 17 U.S.C. § 512(g), as eBay applies them to counter-notices.

DMCA_LIKE: Final = CounterNoticePolicy(
    name="dmca_like",
    most_rounds=1,
    days=Days.BUSINESS,
    # The statute sets the subscriber no deadline.
    seller_days=None,
    # § 512(g)(2)(C): replaced not less than 10 business days after the counter-notice; eBay's VeRO notices say 10.
    rights_holder_days=10,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    # § 512(g)(2)(C): unless an action seeking a court order has been filed.
    maintaining=MaintainingEvidence.COURT_ACTION,
)


# Rules of the complaint of Article 20 of the Digital Services Act, without an earlier stage.

DSA: Final = CounterNoticePolicy(
    name="dsa",
    most_rounds=1,
    days=Days.CALENDAR,
    # Open as long as the appeal: six months from being informed (Article 20(1) and (2)).
    seller_days=None,
    # The platform decides the complaint (Article 20(4)), by people and not by automation alone (20(6)).
    rights_holder_days=None,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    # The rights holder is not asked under this profile; if it were, its silence would not decide the matter.
    rights_holder_silence=Silence.REVIEWED,
    maintaining=MaintainingEvidence.REASONS,
)


# Rules like those of Mercado Libre's Brand Protection Program (developer pages, "Brand Protection Program", 2023).

MERCADO_LIBRE_LIKE: Final = CounterNoticePolicy(
    name="mercado_libre_like",
    # One answer each, then a person of the marketplace; further rounds are not described (inferred).
    most_rounds=1,
    days=Days.BUSINESS,
    # A seller has four days. That they are business days is inferred: this never shortens the period.
    seller_days=4,
    # The member has four days; silence reactivates the listing.
    rights_holder_days=4,
    later_round_days=None,
    seller_silence=Silence.REMOVAL_STANDS,
    rights_holder_silence=Silence.REINSTATED,
    maintaining=MaintainingEvidence.REASONS,
)


# The limits of a seller's documents for a removal.


@dataclass(frozen=True, slots=True)
class SellerEvidencePolicy:
    """Settings of `serving.appeals.rules.seller_evidence`; sizes in bytes."""

    # A phone photograph has 2 to 8 MB as JPEG, a scanned invoice less.
    largest_document: int = 8_000_000
    # Invoices, delivery notes and pictures of the goods; a seller with more can combine pages into one PDF.
    most_documents: int = 10
    # The total for one removal. Oneself with the link can use it, so this bounds the cost of a leaked one.
    most_bytes: int = 30_000_000


DEFAULT_SELLER_EVIDENCE: Final = SellerEvidencePolicy()


# The profiles by name.

PROFILES: Final[Mapping[str, CounterNoticePolicy]] = {
    profile.name: profile for profile in (ALIBABA_LIKE, MERCADO_LIBRE_LIKE, DMCA_LIKE, CHINA_ARTICLE_43, DSA)
}
DEFAULT_COUNTER_NOTICE: Final = ALIBABA_LIKE

# The setting by which the law of the countries of sale chooses, and the countries whose law sets a procedure. The
# complaint of the Digital Services Act is open beside every profile, so that the countries of the Union need none.
BY_COUNTRY: Final = "by_country"
OF_COUNTRIES: Final[Mapping[str, CounterNoticePolicy]] = {"US": DMCA_LIKE, "CN": CHINA_ARTICLE_43}
