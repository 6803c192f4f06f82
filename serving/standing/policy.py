"""The settings of the rules of standing: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# When a brand is reminded of a question, and when its account manager is told.


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """Settings of `serving.standing.rules.reminders`, in hours before the question goes back (`EnforcementPolicy`: four
    days).
    """

    # Half of the time has passed, and a working day is left on either side of a weekend.
    reminded_before_hours: int = 48
    # A last day, in which the account manager can still call.
    escalated_before_hours: int = 24


DEFAULT_REMINDERS: Final = ReminderPolicy()


# The record that a brand's confirmations need before one click of it removes a listing.


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """Settings of `serving.standing.rules.standing.standing` and `serving.standing.rules.standing.effect`. Shares are
    exact, so decimals.

    Numbers called sourced are of Alibaba's good-faith takedown mechanism unless another is named (IPP platform: "Notice
    of Alibaba's Good-faith Takedown Mechanism Upgrade", 2018 and 2021, and its FAQ, 2020).
    """

    # Sourced: three months. Earlier outcomes no longer count.
    window_days: int = 90
    # Sourced: at least so many accepted and at most so many overturned, overall and in every reason code.
    accepted_share: Decimal = Decimal("0.90")
    overturned_share: Decimal = Decimal("0.05")
    # From here on the shares are taken as they are; below, chance alone puts many a careful brand under the line (8.6 %
    # of those who are right 95 times in 100, after ten answers). An inference of ours.
    raw_from: int = 100
    # One or two mistakes are nobody's record, whatever an interval makes of so few. An inference of ours.
    lost_from_wrong: int = 3
    # Fewer are enough where Wilson's 95 % interval says so: 16 of 16, 48 of 50. An inference of ours.
    full_lower_bound: Decimal = Decimal("0.80")
    # Nobody looks any more: 35 of 35, 96 of 100. An inference of ours.
    self_service_lower_bound: Decimal = Decimal("0.90")
    # Sourced (Amazon Project Zero, FAQ, 2019): 99 % of the audited are right. None wrong among 59 says so of 95 % with
    # 95 % confidence.
    self_service_audited_share: Decimal = Decimal("0.99")
    self_service_audited_from: int = 59
    # The normal quantile of a two-sided 95 % interval.
    z: Decimal = Decimal("1.96")
    # The margin in which a brand is warned while it still loses nothing. An inference of ours.
    warned_below_accepted: Decimal = Decimal("0.925")
    warned_above_overturned: Decimal = Decimal("0.04")
    # Sourced: a brand that lost it may have it again after three months.
    reentry_days: int = 90
    # A lower quota in place of exclusion, as Mercado Libre limits complaints a day (Sorrentino, ojambf.com: "News about
    # Mercado Libre's Brand Protection Program"); so few a day a desk can look after in time.
    daily_cap: int = 5
    # A tenth of the removals of brands with a short record gets a blind second review. Brands with a full record get
    # fewer, so that their record stays current. Self-service removals, where no analyst is asked at all, get none.
    # Inferences of ours.
    audit_provisional: Decimal = Decimal("0.10")
    audit_full: Decimal = Decimal("0.05")


DEFAULT_STANDING: Final = StandingPolicy()
