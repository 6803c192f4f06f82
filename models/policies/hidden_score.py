"""How often a reviewer judges without having seen the score."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class HiddenScorePolicy:
    """Settings of `models.hidden_score`."""

    # Whoever has seen a score leans towards it (anchoring; Tversky and Kahneman 1974), and answers that lean teach the
    # model to believe itself. One case in twenty gives a desk of five about a hundred a month to compare with; more
    # would cost the others time that the reasons save them. An inference of ours.
    share: float = 0.05


DEFAULT_HIDDEN_SCORE: Final = HiddenScorePolicy()
