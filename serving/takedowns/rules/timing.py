"""When a removal leaves that the model began, so that its moment tells a seller nothing. Standard library only."""

from dataclasses import dataclass
from datetime import timedelta

from models.policies.deciding import EnforcementPolicy
from models.verdict import Side


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a removal: the side that confirmed it, and how the listing reached that side.

    `reported` tells that somebody outside notified the listing, `examined` that the goods were bought and examined.
    """

    side: Side
    reported: bool
    examined: bool


def model_initiated(origin: Origin) -> bool:
    """Whether it was the model (or the audit draw) that brought the listing before an analyst, and nothing else did."""
    return origin.side is Side.ANALYST and not origin.reported and not origin.examined


def random_delay(origin: Origin, draw: float, policy: EnforcementPolicy) -> timedelta:
    """How long a removal waits beyond its undo window; `draw` is uniform on [0, 1).

    A seller that puts a listing up and measures when it goes learns what the model sees and how fast. A rights holder's
    confirmation leaves at once, because it was promised that, and so does what was notified or examined: there the
    seller learns of people and not of a model. The wait is in whole seconds.
    """
    if not model_initiated(origin):
        return timedelta(0)
    return timedelta(seconds=int(draw * policy.random_delay_minutes * 60))
