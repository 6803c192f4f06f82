"""The settings of the rules of notices: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# How many listings a notice may name, how soon it is decided, and when a reporter is slowed down or muted.


@dataclass(frozen=True, slots=True)
class NoticePolicy:
    """Settings of `serving.notices.rules.notices` and `serving.notices.rules.reporters`.

    Shares are exact, so decimals.
    """

    # Sourced: a registered notifier names at most 300 listings at once (Alibaba IPP platform, FAQ on complaints), and
    # anybody else 10 (ustels.com, "Alibaba IP Takedown Webform").
    most_listings_registered: int = 300
    most_listings_unregistered: int = 10
    # Ten notices of ten would go round the limit; thirty listings a day are more than anybody finds by hand (inferred).
    most_listings_a_day_unregistered: int = 30
    # A flood under made-up addresses must leave the database and the review queue usable. This is one every six
    # seconds, which no form in use comes near (inferred). Registered notifiers are not counted.
    most_notices_an_hour_unregistered: int = 600
    # Alibaba handled 96 % of removal requests within 24 hours (Global Intellectual Property Rights Protection Annual
    # Report 2019), and requests in general within three days (ustels.com, "Alibaba Intellectual Property Protection
    # Platform"). Here 24 hours hold for good standing, three days for everybody else.
    priority_within_hours: int = 24
    plain_within_hours: int = 72
    # The record that counts is that of the year in which a strike counts.
    record_days: int = 365
    # The normal quantile of a two-sided 95 % interval.
    z: Decimal = Decimal("1.96")
    # A reporter whose notices are surely founded in less than half waits behind others. A reporter who is right half of
    # the time does not.
    doubted_below: Decimal = Decimal("0.50")
    # Digital Services Act, Article 23(2) and (3): frequent, by number and proportion, and only after a warning. The
    # limit is ten unfounded notices and a share of nine in ten, as for appeals (`AppealPolicy`); inferred.
    warned_from: int = 10
    unfounded_share: Decimal = Decimal("0.90")
    # As many again after the warning, or a person could be muted for what came before it.
    muted_from_after_warning: int = 5
    # Article 23: 'for a reasonable period of time'; as long as a brand waits to come back (`StandingPolicy`).
    muted_days: int = 90


DEFAULT_NOTICES: Final = NoticePolicy()
