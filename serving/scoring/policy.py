"""The settings of the rules of scoring: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# When so much is flagged at once that something is broken rather than counterfeit.


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Settings of `serving.scoring.rules.breaker.tripped`.

    Sellers count at most `per_seller` listings on either side.
    """

    # A day holds every hour of trade once; shorter stretches trip on each evening's peak.
    window_hours: int = 24
    # Two weeks hold every weekday twice.
    usual_days: int = 14
    # One seller who puts up five hundred fakes is work for the desk, not a fault of the model.
    per_seller: int = 5
    # Below this many the desk has looked at all of them before anybody reads an alarm.
    fewest_flagged: int = 20
    # With fewer listings behind it nobody knows what is usual.
    fewest_usual: int = 200
    # A new season or a campaign doubles what is flagged; a broken field or a poisoned model does more.
    times: float = 3.0
    # With a check every quarter of an hour, chance trips it less than once in ten thousand years.
    chance: float = 1e-9
    check_minutes: int = 15


DEFAULT_BREAKER: Final = BreakerPolicy()
