"""Expected harm to buyers of leaving a listing up: the order of every queue."""

from models.calibration import expit
from models.score import Score, ScoreKind

# On the scorecard a strong signal (30 points) is treated as one chance in ten, sixty as one in two: an order, no claim.
_POINTS_AT_EVEN = 60.0
_POINTS_PER_UNIT = 13.65


def expected_harm(score: Score, *, price: float | None, sold_7d: float | None) -> float:
    """Chance of a counterfeit times what would be spent on it in a week, in the base currency.

    An unknown price counts as one unit and unknown sales as one sale, so that a listing is never at the bottom merely
    because little is known of it.
    """
    chance = score.probability
    if chance is None or score.kind is ScoreKind.SCORECARD:
        chance = expit((score.value - _POINTS_AT_EVEN) / _POINTS_PER_UNIT)
    return chance * (price or 1.0) * max(1.0, sold_7d or 1.0)
