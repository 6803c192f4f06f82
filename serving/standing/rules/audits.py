"""The share of a brand's confirmations that is audited, so that its next level comes in about sixty days."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from serving.standing.policy import StandingPolicy
from serving.standing.rules.bounds import audits_needed
from serving.standing.rules.standing import Standing, wrong_share_of

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """The confirmations of a brand in the last days that removed at once, and the first of them; None without one."""

    confirmations: int = 0
    first_at: datetime | None = None

    def per_day(self, at: datetime) -> Fraction:
        """Confirmations per day since the first one; at least one in the first day."""
        if self.first_at is None:
            return Fraction(1)
        days = max(Fraction(1), Fraction((at - self.first_at) / _DAY))
        return max(1, self.confirmations) / days


def audits_missing(standing: Standing, policy: StandingPolicy) -> int:
    """The audits that the next level needs beside those of the year, if one more than now is wrong; 0 at the top."""
    if standing.next_level is None:
        return 0
    counted = standing.overall.audits
    needed = audits_needed(counted.wrong + 1, wrong_share_of(standing.next_level, policy), policy.confidence)
    return max(0, needed - counted.counted)


def audit_share(
    standing: Standing, pace: Pace, *, drawn_today: int, audits_a_day: int, as_of: datetime, policy: StandingPolicy
) -> Decimal:
    """The share of confirmations that is audited now; every level but a suspended one has at least the least share.

    `drawn_today` are the audits that the marketplace has drawn in 24 hours, `audits_a_day` the most above the least
    share.
    """
    if drawn_today >= audits_a_day:
        return policy.least_audit_share
    period = policy.audit_period_days
    days_left: int = max(policy.least_spread_days, period - (as_of - standing.since).days % period)
    fraction = audits_missing(standing, policy) / (pace.per_day(as_of) * days_left)
    share = (Decimal(fraction.numerator) / Decimal(fraction.denominator)).quantize(Decimal("0.001"))
    return min(Decimal(1), max(policy.least_audit_share, share))
