"""The circuit breaker on the flagged volume: it pauses questions to brands on a surge beyond chance and trade."""

import math
from dataclasses import dataclass
from typing import Final

from features.message import Message, message
from serving.scoring.policy import BreakerPolicy

_Z: Final = 1.96


@dataclass(frozen=True, slots=True)
class Volume:
    """The listings that a model scored in a period, and those of them that it flagged for a person."""

    scored: int
    flagged: int


def why_tripped(now: Volume, usual: Volume, policy: BreakerPolicy) -> Message | None:
    """Why the breaker opens; None where the volume is normal or the usual volume is unknown.

    The comparison uses the upper end of the 95 % interval of the earlier share. The volume must be both large (`times`
    as many) and beyond chance: a quiet night alone exceeds the first limit, and every campaign exceeds the second. Only
    too much opens the breaker; the drift report covers too little.
    """
    if usual.scored < policy.fewest_usual or now.flagged < policy.fewest_flagged:
        return None
    expected = now.scored * _upper_share(usual)
    if now.flagged <= policy.times * expected or _tail_probability(now.flagged, expected) >= policy.chance:
        return None
    return message(
        "breaker.surge",
        flagged=now.flagged,
        n=now.scored,
        hours=policy.window_hours,
        share=now.flagged / now.scored,
        usual=usual.flagged / usual.scored,
        expected=expected,
    )


def _upper_share(volume: Volume) -> float:
    """The upper end of Wilson's 95 % interval of the flagged share."""
    n, share = volume.scored, volume.flagged / volume.scored
    middle = share + _Z**2 / (2 * n)
    around = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return (middle + around) / (1 + _Z**2 / n)


def _tail_probability(count: int, expected: float) -> float:
    """An upper bound, tight in the far tail, of the Poisson probability of `count` or more with mean `expected`.

    Beyond the mean each term is less than expected / (count + 1) times the term before, so the tail is at most a
    geometric series.
    """
    first = math.exp(count * math.log(expected) - expected - math.lgamma(count + 1))
    return first / (1 - expected / (count + 1))
