"""Large counts are cached briefly, small ones never."""

from itertools import count

import pytest

from serving.platform.large_counts import LARGE, LargeCounts


@pytest.mark.parametrize(
    ("first", "again", "_why"),
    [
        (LARGE, LARGE, "what is large is not counted twice"),
        (LARGE - 1, LARGE, "small counts are not cached, so that an emptied queue shows as empty"),
    ],
)
def test_a_count_is_kept_where_it_is_large(first: int, again: int, _why: str) -> None:
    counts, numbers = LargeCounts(), count(first)
    readings = [counts.of("key", lambda: next(numbers), lambda n: n) for _ in range(2)]
    assert readings == [first, again]


def test_what_one_is_asked_for_is_no_answer_to_another() -> None:
    counts = LargeCounts()
    assert counts.of(("queue", "ines"), lambda: LARGE, lambda n: n) == LARGE
    assert counts.of(("queue", "li"), lambda: 2 * LARGE, lambda n: n) == 2 * LARGE


@pytest.mark.parametrize(
    ("after", "expected", "_why"), [(4.9, LARGE, "kept for five seconds"), (5.1, LARGE + 1, "and no longer")]
)
def test_a_kept_count_ends(after: float, expected: int, _why: str) -> None:
    moments, numbers = iter((0.0, after)), count(LARGE)
    counts = LargeCounts(clock=lambda: next(moments))
    counts.of("key", lambda: next(numbers), lambda n: n)
    assert counts.of("key", lambda: next(numbers), lambda n: n) == expected


def test_what_is_kept_is_bounded() -> None:
    counts = LargeCounts(clock=lambda: 0.0)
    for key in range(1_001):
        counts.of(key, lambda: LARGE, lambda n: n)
    assert counts.of(0, lambda: 2 * LARGE, lambda n: n) == 2 * LARGE, "the first ones are counted again"
