import pytest

from models.second_person import behind_others

BEHIND: list[tuple[set[str], dict[str, str], set[str], str]] = [
    ({"ana", "ben"}, {}, set(), "nobody asked anybody in"),
    ({"ana", "ben"}, {"ben": "ana"}, {"ana"}, "the host does not count beside the guest"),
    ({"ana", "ben"}, {"ben": "x", "x": "ana"}, {"ana"}, "through somebody else's hands"),
    ({"ana", "ben"}, {"ana": "x", "ben": "x"}, set(), "both are guests of somebody who says nothing"),
    ({"ana", "ben", "x"}, {"ana": "x", "ben": "x"}, {"x"}, "both are guests of a third who speaks too"),
    ({"ana"}, {"ben": "ana"}, set(), "the guest says nothing"),
    ({"ana", "ben"}, {"ana": "ben", "ben": "ana"}, {"ana", "ben"}, "a ring, which nobody should be able to make"),
]


@pytest.mark.parametrize(("people", "asked_in_by", "expected", "_why"), BEHIND, ids=[row[-1] for row in BEHIND])
def test_who_does_not_count_beside_the_others(
    people: set[str], asked_in_by: dict[str, str], expected: set[str], _why: str
) -> None:
    assert behind_others(people, asked_in_by) == expected
