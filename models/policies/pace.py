"""After how long a pause is suggested."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """Settings of `models.pace`. Both are inferences of ours: the usual advice for work at a screen."""

    stretch: timedelta = timedelta(minutes=50)
    pause: timedelta = timedelta(minutes=5)


DEFAULT_PACE: Final = PacePolicy()
