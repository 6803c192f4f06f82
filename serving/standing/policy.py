"""The settings of the rules of standing: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# The times at which a brand is reminded of a question and its account manager is told.


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """Settings of `serving.standing.rules.reminders`, in hours before the deadline (`EnforcementPolicy`: four days)."""

    # Half of the time has passed; a working day is left before or after a weekend.
    reminded_before_hours: int = 48
    # One day remains, in which the account manager can call the brand.
    escalated_before_hours: int = 24


DEFAULT_REMINDERS: Final = ReminderPolicy()


# The record that a brand needs for its confirmations to remove listings at once.


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """Settings of `serving.standing.rules.standing.standing` and `serving.standing.rules.standing.effect`. Shares are
    decimals, because comparisons are exact.

    Sourced numbers are from Alibaba's good-faith takedown mechanism unless another source is named (IPP platform:
    "Notice of Alibaba's Good-faith Takedown Mechanism Upgrade", 2018 and 2021, and its FAQ, 2020).
    """

    # Sourced: three months. Earlier outcomes no longer count.
    window_days: int = 90
    # Sourced: the least accepted and the most overturned share, overall and in every reason code.
    accepted_share: Decimal = Decimal("0.90")
    overturned_share: Decimal = Decimal("0.05")
    # From this count on, shares are compared directly. Below it, chance alone fails many careful brands (8.6 % of those
    # who are right 95 times in 100, after ten answers). An inference of ours.
    raw_from: int = 100
    # One or two mistakes never lose good standing, whatever the interval says of so few. An inference of ours.
    lost_from_wrong: int = 3
    # Fewer are enough if Wilson's 95 % interval allows it: 16 of 16, 48 of 50. An inference of ours.
    full_lower_bound: Decimal = Decimal("0.80")
    # No analyst reviews the removals: 35 of 35, 96 of 100. An inference of ours.
    self_service_lower_bound: Decimal = Decimal("0.90")
    # Sourced (Amazon Project Zero, FAQ, 2019): 99 % of the audited are right. No error among 59 proves 95 % with 95 %
    # confidence.
    self_service_audited_share: Decimal = Decimal("0.99")
    self_service_audited_from: int = 59
    # The normal quantile of a two-sided 95 % interval.
    z: Decimal = Decimal("1.96")
    # The margin in which a brand is warned before it loses anything. An inference of ours.
    warned_below_accepted: Decimal = Decimal("0.925")
    warned_above_overturned: Decimal = Decimal("0.04")
    # Sourced: a brand can regain lost good standing after three months.
    reentry_days: int = 90
    # A lower quota in place of exclusion, as Mercado Libre limits complaints per day (Sorrentino, ojambf.com: "News
    # about Mercado Libre's Brand Protection Program"). A review team can check so few in time.
    daily_cap: int = 5
    # A tenth of the removals of brands with a short record gets a blind second review. Brands with a full record get
    # fewer, so that their record stays current. Self-service removals, where no analyst is asked at all, get none.
    # Inferences of ours.
    audit_provisional: Decimal = Decimal("0.10")
    audit_full: Decimal = Decimal("0.05")


DEFAULT_STANDING: Final = StandingPolicy()
