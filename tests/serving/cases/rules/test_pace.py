from datetime import timedelta

import pytest

from serving.cases.policy import DEFAULT_PACE
from serving.cases.rules.assignment import without_pause
from tests.fixtures.clocks import NOW


def every(minutes: float, until: float, since: float = 0) -> list[float]:
    """Minutes ago, evenly."""
    return [since + minutes * i for i in range(int((until - since) / minutes) + 1)]


@pytest.mark.parametrize(
    ("minutes_ago", "long", "why"),
    [
        ([], None, "nothing decided"),
        (every(2, 48), None, "not long yet"),
        (every(2, 50), 50, "long"),
        (every(4.9, 98), 98, "no gap is a pause"),
        (every(5, 100), None, "each gap is a pause"),
        ([*every(2, 30), *every(2, 90, since=36)], None, "there was a pause half an hour ago"),
        ([*every(2, 60), *every(2, 120, since=66)], 60, "counted from the pause"),
        (every(2, 90, since=5), None, "pausing now"),
        (every(2, 90, since=4), 90, "the last answer was just now"),
        ([-3, *every(2, 20)], None, "what is still to come is nothing"),
    ],
)
def test_a_pause_is_suggested_after_a_long_time(minutes_ago: list[float], long: float | None, why: str) -> None:
    answers = [NOW - timedelta(minutes=one) for one in minutes_ago]
    found = without_pause(answers, NOW, DEFAULT_PACE)
    assert found == (None if long is None else timedelta(minutes=long)), why
    assert without_pause(answers[::-1], NOW, DEFAULT_PACE) == found, "in any order"
