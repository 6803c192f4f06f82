"""Expected harm to buyers of leaving a listing up: the order of every queue."""

from models.calibration import expit
from models.score import Score, ScoreKind

# A strong signal (30 points) counts as one chance in ten, 60 points as one in two. This is an order, not an estimate.
_POINTS_AT_EVEN = 60.0
POINTS_PER_LOG_ODDS = 13.65


def expected_harm(score: Score, *, price: float | None, sold_7d: float | None) -> float:
    """Chance of a counterfeit times what would be spent on it in a week, in the base currency.

    An unknown price counts as one unit and unknown sales as one sale, so that missing data does not put a
    listing at the bottom.
    """
    chance = score.probability
    if chance is None or score.kind is ScoreKind.SCORECARD:
        chance = expit((score.value - _POINTS_AT_EVEN) / POINTS_PER_LOG_ODDS)
    return chance * (price or 1.0) * max(1.0, sold_7d or 1.0)
