"""When a marketplace is asked whether a removed offer is gone, and for how long."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class RemovalCheckPolicy:
    """Settings of `models.removal_check`."""

    # An acknowledgement says that the effect is kept; a page that a buyer loads may lag by as much.
    first_look_seconds: int = 60
    # After each look without an answer or with the offer still there; the last wait is repeated.
    look_again_seconds: tuple[int, ...] = (60, 240, 600, 2700, 7200, 21600, 86400)
    # Caches and search indices of shops commonly live some minutes; an hour is beyond any of them.
    still_shown_after_seconds: int = 3600
    # What was gone is looked at once more: an offer that comes back under its own id was not removed.
    look_back_hours: float = 24.0
    # As long as an action is tried (models.policies.delivery).
    give_up_after_days: float = 7.0


DEFAULT_REMOVAL_CHECK: Final = RemovalCheckPolicy()
