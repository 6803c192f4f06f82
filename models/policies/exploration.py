"""How much of the reviewing goes to what nobody would look at."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ExplorationPolicy:
    """Settings of `models.exploration.chance_of_review`; all are chances."""

    # Before the first model nothing is known to be doubtful: as models.policies.routing draws for its audit slice.
    first_share: float = 0.03
    # What the model is sure of is drawn at one in a hundred, or its certainty would never be put to the test.
    least_share: float = 0.01
    # Times the standard deviation of the answer: a probability of .04 is drawn at .02, of .1 at .03.
    doubt_share: float = 0.1
    # A draw that is nearly certain is no draw; what deserves so much attention is flagged.
    most_share: float = 0.5


DEFAULT_EXPLORATION: Final = ExplorationPolicy()
