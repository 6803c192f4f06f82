"""How the work of a desk is shared out."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class AssignmentPolicy:
    """Settings of `models.assignment`. The numbers are inferences of ours."""

    # What somebody can see to in the next half hour, so that an offer never waits behind many others.
    most_each: int = 5
    # Twice a lease: who has gone home since keeps nobody from the case for longer.
    offer_lasts_minutes: int = 30


DEFAULT_ASSIGNMENT: Final = AssignmentPolicy()
