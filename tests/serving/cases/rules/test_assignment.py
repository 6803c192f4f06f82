from datetime import timedelta

import pytest

from serving.cases.policy import DEFAULT_PACE, AssignmentPolicy
from serving.cases.rules.assignment import Load, least_loaded, share_out, time_since_pause
from tests.fixtures.clocks import NOW

POLICY = AssignmentPolicy(most_each=2)


@pytest.mark.parametrize(
    ("hands", "chosen"),
    [
        ({}, None),
        ({"usr_a": 3, "usr_b": 1, "usr_c": 2}, "usr_b"),
        ({"usr_b": 1, "usr_a": 1}, "usr_a"),  # The choice is reproducible.
        ({"usr_a": 1, "usr_b": 0}, "usr_b"),  # No open work is least.
    ],
)
def test_the_next_piece_of_work_goes_to(hands: dict[str, int], chosen: str | None) -> None:
    load = least_loaded(Load(user_id, number) for user_id, number in hands.items())
    assert (load.user_id if load else None) == chosen


@pytest.mark.parametrize(
    ("hands", "kept_from", "offered"),
    [
        ({"usr_a": 0, "usr_b": 0}, {}, {"cas_1": "usr_a", "cas_2": "usr_b", "cas_3": "usr_a"}),  # In turn.
        ({"usr_a": 1, "usr_b": 0}, {}, {"cas_1": "usr_b", "cas_2": "usr_a", "cas_3": "usr_b"}),
        ({"usr_a": 2, "usr_b": 1}, {}, {"cas_1": "usr_b"}),  # Nobody gets more than they can handle.
        ({"usr_a": 0}, {"cas_1": {"usr_a"}}, {"cas_2": "usr_a", "cas_3": "usr_a"}),  # They judged its listing before.
        ({}, {}, {}),
    ],
)
def test_cases_are_offered_to_whoever_has_least_in_hand(
    hands: dict[str, int], kept_from: dict[str, set[str]], offered: dict[str, str]
) -> None:
    loads = [Load(user_id, number) for user_id, number in hands.items()]
    assert share_out(["cas_1", "cas_2", "cas_3"], loads, kept_from, POLICY) == offered


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
    answers = [NOW - timedelta(minutes=minutes) for minutes in minutes_ago]
    since_pause = time_since_pause(answers, NOW, DEFAULT_PACE)
    assert since_pause == (None if long is None else timedelta(minutes=long)), why
    assert time_since_pause(answers[::-1], NOW, DEFAULT_PACE) == since_pause, "in any order"
