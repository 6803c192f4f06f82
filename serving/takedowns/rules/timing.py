"""The random delay of model-initiated removals, so that their timing reveals nothing to sellers. Stdlib only."""

from dataclasses import dataclass
from datetime import timedelta

from models.policies.deciding import EnforcementPolicy
from models.verdict import Side


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a removal: the side that confirmed it, and how the listing reached that side.

    `reported` is set where somebody outside notified the listing, `examined` after a test buy.
    """

    side: Side
    reported: bool
    examined: bool


def model_initiated(origin: Origin) -> bool:
    """Whether only the model (or the audit sample) brought the listing to an analyst."""
    return origin.side is Side.ANALYST and not origin.reported and not origin.examined


def random_delay(origin: Origin, draw: float, policy: EnforcementPolicy) -> timedelta:
    """The delay of a removal beyond its undo window, in whole seconds; `draw` is uniform on [0, 1).

    A seller can submit listings and time their removal to learn what the model detects and how fast. Removals that a
    rights holder confirms have no delay, because brands were promised that. Nor do those of notified or examined
    listings, because their timing reveals nothing about the model.
    """
    if not model_initiated(origin):
        return timedelta(0)
    return timedelta(seconds=int(draw * policy.random_delay_minutes * 60))
