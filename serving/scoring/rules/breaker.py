"""The circuit breaker on the volume of alerts: a flood that chance and trade do not explain stops before the brands."""

import math
from dataclasses import dataclass
from typing import Final

from serving.scoring.policy import BreakerPolicy

_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class Volume:
    """Listings that a model scored in a stretch of time, and how many of them it sent to a person."""

    scored: int
    flagged: int


def tripped(now: Volume, usual: Volume, policy: BreakerPolicy) -> str | None:
    """Why the breaker opens, in a sentence; None where the volume is normal or the usual volume is unknown.

    The comparison uses the upper end of the 95 % interval of the usual volume. Above it the volume must be both large
    (`times` as many) and beyond chance, because large alone happens every quiet night, and beyond chance alone happens
    with every campaign. It only ever looks at too much: too little flagged is for the drift report.
    """
    if usual.scored < policy.fewest_usual or now.flagged < policy.fewest_flagged:
        return None
    expected = now.scored * _upper_share(usual)
    if now.flagged <= policy.times * expected or _at_least(now.flagged, expected) >= policy.chance:
        return None
    return (
        f"{now.flagged:,} of {now.scored:,} listings were flagged in {policy.window_hours} hours "
        f"({now.flagged / now.scored:.0%}); {usual.flagged / usual.scored:.1%} were usual before, so at most "
        f"{expected:,.0f} were to be expected."
    )


def _upper_share(volume: Volume) -> float:
    """The upper end of Wilson's 95 % interval of the flagged share."""
    n, share = volume.scored, volume.flagged / volume.scored
    middle = share + _Z**2 / (2 * n)
    around = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return (middle + around) / (1 + _Z**2 / n)


def _at_least(count: int, expected: float) -> float:
    """Chance of `count` or more where `expected` are, by Poisson's law; an upper bound that is sharp in the far tail.

    Beyond the mean each term is less than expected / (count + 1) times the one before, so that the tail is at most a
    geometric series.
    """
    first = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    return first / (1 - expected / (count + 1))
