"""The settings of the rules of notices: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# How many listings a notice may name, how soon it is decided, and when a reporter gets lower priority or a mute.


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """Settings of `serving.notices.rules.notices` and `serving.notices.rules.reporters`.

    Shares are exact decimals.
    """

    # Sourced: a registered notifier names at most 300 listings at once (Alibaba IPP platform, FAQ on complaints), and
    # anybody else 10 (ustels.com, "Alibaba IP Takedown Webform").
    most_listings_registered: int = 300
    most_listings_unregistered: int = 10
    # Ten notices of ten listings would evade the limit; nobody finds over thirty listings a day by hand (inferred).
    # Only confirmed notices count, or anybody could use up another person's thirty.
    most_listings_a_day_unregistered: int = 30
    # As many as a registered notifier names at once: an office behind one address, or a marketplace that forwards its
    # own form. Two people at full speed from a household are far below (inferred).
    most_listings_a_day_network: int = 300
    # A flood under invented addresses must not block the database and the review queue. The limit is one notice every
    # six seconds, far above any known use of such a form (inferred). Registered notifiers are not counted.
    most_notices_an_hour_unregistered: int = 600
    # An invoice of a test purchase, the power of attorney, and pictures. Sizes are those of sellers' documents.
    most_documents: int = 5
    # Ten notices with as much as each may carry, so that strangers cannot fill the disk of the database (inferred).
    most_document_bytes_a_day_network: int = 300_000_000
    # Alibaba handled 96 % of removal requests within 24 hours (Global Intellectual Property Rights Protection Annual
    # Report 2019), and requests in general within three days (ustels.com, "Alibaba Intellectual Property Protection
    # Platform"). Here the limit is 24 hours for good standing, three days for everybody else.
    priority_within_hours: int = 24
    plain_within_hours: int = 72
    # The record covers the year in which a strike counts.
    record_days: int = 365
    # The normal quantile of a two-sided 95 % interval.
    z: Decimal = Decimal("1.96")
    # Notices of a reporter with surely less than half founded wait behind others. A reporter who is right half of
    # the time does not.
    doubted_below: Decimal = Decimal("0.50")
    # Digital Services Act, Article 23(2) and (3): frequent, by number and proportion, and only after a warning. The
    # limit is ten unfounded notices and a share of nine in ten, as for appeals (`AppealPolicy`); inferred.
    warned_from: int = 10
    unfounded_share: Decimal = Decimal("0.90")
    # The same numbers again after the warning, so that a mute never rests on notices before the warning.
    muted_from_after_warning: int = 5
    # Article 23: 'for a reasonable period of time'; the same time as a brand's suspension (`StandingPolicy`).
    muted_days: int = 90


DEFAULT_NOTICES: Final = NoticePolicy()
