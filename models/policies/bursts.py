"""How many removals confirmations may ask for before people look, and whose offers two people decide about."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class BurstPolicy:
    """Settings of `models.bursts.holds` and `models.bursts.cap`. Counts are of removals that nobody held."""

    # A rolling hour, so that no full hour lets twice as many through (PROMISES A6: caps per hour).
    window_minutes: int = 60
    # PROMISES A6: of a brand account that was taken over at most twenty removals leave. One answer takes a careful
    # person a minute or two, so twenty in an hour are not yet in anybody's way.
    per_user: int = 20
    # Two people at full speed. A brand that needs more has a past that says so.
    per_brand: int = 40
    # Whoever wants to ruin a rival aims at one shop, whatever accounts they use; ten offers gone are not a shop gone.
    per_seller: int = 10
    # What somebody has long done in their busiest hours is no burst: half as much again may leave before people look.
    times_usual: float = 1.5
    # The past that counts ends where appeals against it are mostly decided, and holds four of each weekday: who raises
    # their pace from hour to hour does not raise their cap with it.
    usual_ends_days_ago: int = 14
    usual_days: int = 28
    # No past makes an account worth more than this an hour to whoever steals it.
    most_per_user: int = 100
    most_per_brand: int = 200
    # The number of sales of the INFORM Consumers Act (Capabilities C.13), there in twelve months and here in ninety
    # days: a business that somebody lives on. Turnover is not asked: it comes in any currency.
    high_sales_90d: int = 200


DEFAULT_BURSTS: Final = BurstPolicy()
