"""When somebody has decided for long without a pause. Standard library only."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from serving.cases.policy import PacePolicy


def without_pause(answers: Sequence[datetime], now: datetime, policy: PacePolicy) -> timedelta | None:
    """For how long somebody has gone on without a pause, where that is long; None where it is not, or they pause now.

    `answers` are when they decided, in any order. A pause is a stretch of `pause` in which nothing was decided: reading
    one case for so long is one too, because nobody can tell the two apart.
    """
    began = now
    for at in sorted((one for one in answers if one <= now), reverse=True):
        if began - at >= policy.pause:
            break
        began = at
    return now - began if now - began >= policy.stretch else None
