import pytest

from serving.cases.policy import AssignmentPolicy
from serving.cases.rules.assignment import Load, least_loaded, share_out

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
    found = least_loaded(Load(user_id, number) for user_id, number in hands.items())
    assert (found.user_id if found else None) == chosen


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
