from datetime import timedelta

import pytest

from models.policies.strikes import DEFAULT_STRIKES
from models.strikes import strikes
from tests.fixtures.clocks import NOW

INCIDENTS = [
    ((), 0, "none"),
    ((10,), 1, "one"),
    ((10, 10, 10), 1, "three at once"),
    ((10, 7), 1, "three days apart"),
    ((10, 6.9), 2, "more than three days apart"),
    ((10, 8, 6), 2, "each two days after the last: the third lies outside the first one's days"),
    ((8, 10), 1, "in any order"),
    ((364, 10), 2, "within a year"),
    ((366, 10), 1, "the first is spent"),
]


@pytest.mark.parametrize(("days_ago", "expected", "_why"), INCIDENTS, ids=[row[-1] for row in INCIDENTS])
def test_confirmations_make_incidents(days_ago: tuple[float, ...], expected: int, _why: str) -> None:
    at = [NOW - timedelta(days=days) for days in days_ago]
    assert strikes(at, as_of=NOW, policy=DEFAULT_STRIKES) == expected
