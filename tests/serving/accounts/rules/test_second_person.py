import pytest

from serving.accounts.rules.second_person import behind_others, hosts_of

BEHIND: list[tuple[set[str], dict[str, set[str]], set[str], str]] = [
    ({"ana", "ben"}, {}, set(), "nobody let anybody in"),
    ({"ana", "ben"}, {"ben": {"ana"}}, {"ana"}, "the host does not count beside the guest"),
    ({"ana", "ben"}, {"ben": {"x"}, "x": {"ana"}}, {"ana"}, "through somebody else's hands"),
    ({"ana", "ben"}, {"ben": {"x", "y"}, "y": {"z"}, "z": {"ana"}}, {"ana"}, "through the second of two hosts"),
    ({"ana", "ben", "cem"}, {"cem": {"ana", "ben"}}, {"ana", "ben"}, "one asked in, another made a link"),
    ({"ana", "ben"}, {"ana": {"x"}, "ben": {"x"}}, set(), "both are guests of somebody who says nothing"),
    ({"ana", "ben", "x"}, {"ana": {"x"}, "ben": {"x"}}, {"x"}, "both are guests of a third who speaks too"),
    ({"ana"}, {"ben": {"ana"}}, set(), "the guest says nothing"),
    ({"ana", "ben"}, {"ana": {"ben"}, "ben": {"ana"}}, {"ben"}, "each made the other a link: they are one"),
    ({"ana", "ben", "cem"}, {"ana": {"cem"}, "cem": {"ben"}, "ben": {"ana"}}, {"ben", "cem"}, "a ring of three is one"),
    ({"ana", "ben"}, {"ana": {"x"}, "x": {"ben"}, "ben": {"x"}}, {"ben"}, "a ring that leads to a third"),
    ({"ana"}, {"ana": {"ben"}, "ben": {"ana"}}, set(), "of a ring one alone says anything"),
]


@pytest.mark.parametrize(("people", "invited_by", "expected", "_why"), BEHIND, ids=[row[-1] for row in BEHIND])
def test_who_does_not_count_beside_the_others(
    people: set[str], invited_by: dict[str, set[str]], expected: set[str], _why: str
) -> None:
    assert behind_others(people, {guest: frozenset(hosts) for guest, hosts in invited_by.items()}) == expected


HOSTS: list[tuple[set[str], dict[str, set[str]], set[str], str]] = [
    ({"ana"}, {}, set(), "nobody let them in"),
    ({"ana"}, {"ana": {"ben"}}, {"ben"}, "an invitation"),
    ({"ana"}, {"ana": {"ben", "cem"}}, {"ben", "cem"}, "an invitation of one, a link of another"),
    ({"ana"}, {"ana": {"ben"}, "ben": {"cem"}}, {"ben", "cem"}, "through somebody else's hands"),
    ({"ana"}, {"ben": {"ana"}}, set(), "their own guest is not asked about"),
    ({"ana", "ben"}, {"ana": {"cem"}, "ben": {"dan"}}, {"cem", "dan"}, "of each"),
    (set(), {"ana": {"ben"}}, set(), "of nobody"),
]


@pytest.mark.parametrize(("people", "invited_by", "expected", "_why"), HOSTS, ids=[row[-1] for row in HOSTS])
def test_who_let_any_of_them_in(
    people: set[str], invited_by: dict[str, set[str]], expected: set[str], _why: str
) -> None:
    assert hosts_of(people, {guest: frozenset(hosts) for guest, hosts in invited_by.items()}) == expected
