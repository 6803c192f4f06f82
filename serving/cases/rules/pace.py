"""Whether a person has decided for long without a pause."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from serving.cases.policy import PacePolicy


def without_pause(answers: Sequence[datetime], now: datetime, policy: PacePolicy) -> timedelta | None:
    """The time since the last pause, where it is long; None where it is not, or the person pauses now.

    `answers` are the times of decisions, in any order. A pause is a period of `pause` without a decision. Reading one
    case for that long counts as a pause, because the two cannot be told apart.
    """
    began = now
    for at in sorted((one for one in answers if one <= now), reverse=True):
        if began - at >= policy.pause:
            break
        began = at
    return now - began if now - began >= policy.stretch else None
