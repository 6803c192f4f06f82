"""The settings of the rules of scoring: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# The flagged volume that points to a fault rather than to counterfeits.


@dataclass(frozen=True, slots=True)
class BreakerPolicy:
    """Settings of `serving.scoring.rules.breaker.why_tripped`.

    At most `per_seller` listings of a seller count, flagged and scored.
    """

    # A day contains every hour of trade once; shorter windows trip at every evening peak.
    window_hours: int = 24
    # Two weeks contain every weekday twice.
    usual_days: int = 14
    # One seller who lists five hundred counterfeits is work for the review team, not a fault of the model.
    per_seller: int = 5
    # The review team handles fewer than this before anybody reads an alert.
    fewest_flagged: int = 20
    # Fewer listings do not show the usual volume.
    fewest_usual: int = 200
    # A new season or a campaign doubles the flagged volume; a broken field or a poisoned model exceeds that.
    times: float = 3.0
    # With a check every 15 minutes, chance trips it less than once in ten thousand years.
    chance: float = 1e-9
    check_minutes: int = 15


DEFAULT_BREAKER: Final = BreakerPolicy()


@dataclass(frozen=True, slots=True)
class SecondStagePolicy:
    """Which listings an encoder reads, where one is set: those just below the threshold, which no person sees."""

    # Of the threshold for analysts. Below half of it a title alone would have to double the odds.
    from_share: float = 0.5
    # An older listing was bought or read by now; a service that was down does not work off a month.
    window_hours: int = 24
    # Of one job: a title takes about a tenth of a second, and a job that ends early loses its work.
    most_at_once: int = 200


DEFAULT_SECOND_STAGE: Final = SecondStagePolicy()
