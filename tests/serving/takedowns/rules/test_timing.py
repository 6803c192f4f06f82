from datetime import timedelta

import pytest

from models.policies.deciding import EnforcementPolicy
from models.verdict import Side
from serving.takedowns.rules.timing import Origin, random_delay

POLICY = EnforcementPolicy(random_delay_minutes=60)
MODELS = Origin(Side.ANALYST, reported=False, examined=False)


@pytest.mark.parametrize(
    ("origin", "draw", "seconds"),
    [
        (MODELS, 0.0, 0),
        (MODELS, 0.5, 1_800),
        (MODELS, 0.9999999, 3_599),  # Never beyond the limit.
        (Origin(Side.BRAND, False, False), 0.5, 0),  # Rights holders were promised no delay.
        (Origin(Side.ANALYST, True, False), 0.5, 0),  # Notified: the timing reveals nothing about the model.
        (Origin(Side.ANALYST, False, True), 0.5, 0),  # The goods were bought and examined.
    ],
)
def test_a_removal_waits_beyond_its_undo_window(origin: Origin, draw: float, seconds: int) -> None:
    assert random_delay(origin, draw, POLICY) == timedelta(seconds=seconds)
