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
    """Settings of `serving.standing.rules.standing` and `serving.standing.rules.audits`. Shares are decimals, because
    comparisons are exact.

    Sourced numbers are from Alibaba's good-faith takedown mechanism unless another source is named (IPP platform:
    "Notice of Alibaba's Good-faith Takedown Mechanism Upgrade", 2018 and 2021, and its FAQ, 2020). ADR 72 says what
    each level proves and to what chance of error.
    """

    # The most wrong audits, as a share, that a level proves with `confidence`; an exact binomial bound.
    full_wrong_share: Decimal = Decimal("0.10")
    signed_volume_wrong_share: Decimal = Decimal("0.05")
    self_service_wrong_share: Decimal = Decimal("0.02")
    confidence: Decimal = Decimal("0.95")
    # Audits of the last year count towards a rise: fewer would keep small brands from any.
    audit_days: int = 365
    # A fall looks at the audits of a quarter and of a month: a long good record would hide a brand that has turned.
    fall_days: tuple[int, ...] = (90, 30)
    # (days, least number) of overturned removals. Of the few of a month three may be chance: with three, 8 of 300
    # simulated years of an honest brand with one removal a day had a fall, with six none.
    overturned_fall: tuple[tuple[int, int], ...] = ((90, 3), (30, 6))
    # Sourced: the least right share, and the most overturned share of removals whose answering time has run out.
    right_share: Decimal = Decimal("0.90")
    overturned_share: Decimal = Decimal("0.05")
    # The most removals that were reinstated because the brand did not answer, linked sellers once. Twice the overturned
    # share: nobody has judged the goods. Ours.
    undefended_share: Decimal = Decimal("0.10")
    # Self-service removals meet the fewest people, so it ends before good standing does. Ours.
    self_service_right_share: Decimal = Decimal("0.95")
    # Sourced: three months, in which ended removals count and a loss is near.
    window_days: int = 90
    # One or two mistakes never lose good standing, whatever the interval says of so few. An inference of ours.
    lost_from_wrong: int = 3
    # The normal quantile of a two-sided 95 % interval.
    z: Decimal = Decimal("1.96")
    # The margin in which a brand is warned before it loses anything. An inference of ours.
    warned_below_right: Decimal = Decimal("0.925")
    warned_above_overturned: Decimal = Decimal("0.04")
    # Sourced: a brand can regain lost good standing after three months.
    reentry_days: int = 90
    # A lower quota in place of exclusion, as Mercado Libre limits complaints per day (Sorrentino, ojambf.com: "News
    # about Mercado Libre's Brand Protection Program"). A review team can check so few in time.
    capped_daily: int = 5
    # Half of what one secret sends (`BudgetPolicy.person_day`): a sham brand does little harm before its first audits.
    provisional_daily: int = 20
    # A twentieth is audited for ever, so that every record stays current.
    least_audit_share: Decimal = Decimal("0.05")
    # The audits that the next level needs are drawn within so many days; with the days until they are judged and the
    # weekly look, the level comes after about 60. At the end of a period that was not enough, a new one begins.
    audit_period_days: int = 42
    # The audits that are still missing are spread over at least so many days.
    least_spread_days: int = 14
    # The pace of a brand is that of its last days. Four weeks have four of each weekday.
    pace_days: int = 28
    # The most audits that a marketplace draws in 24 hours above the least share: a working day of two analysts, at ten
    # minutes each, unless the marketplace has set its own.
    audits_a_day: int = 100


DEFAULT_STANDING: Final = StandingPolicy()
