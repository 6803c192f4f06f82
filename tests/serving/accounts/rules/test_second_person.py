from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.accounts.rules.second_person import (
    Origin,
    OriginKind,
    accounts_of_same_person,
    are_independent,
    handed_over_at,
    is_independent_of_all,
    largest_independent_set,
    roots_of,
)

START = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = ("ana", "ben", "cem", "dan", "eva", "fay")


def added_origin(day: int = 0) -> Origin:
    return Origin(OriginKind.ADDED, None, START + timedelta(days=day))


def invited_origin(by: str, day: int = 0) -> Origin:
    return Origin(OriginKind.INVITED, by, START + timedelta(days=day))


def reset_origin(by: str, day: int = 0) -> Origin:
    return Origin(OriginKind.RESET, by, START + timedelta(days=day))


ROOTS: list[tuple[Mapping[str, list[Origin]], set[str], str]] = [
    ({"ana": [added_origin()]}, {"ana"}, "made by the owner of the directory"),
    ({"ana": [invited_origin("ben")], "ben": [added_origin()]}, {"ben"}, "an invitee belongs to the inviter's root"),
    (
        {"ana": [invited_origin("ben")], "ben": [invited_origin("cem")], "cem": [added_origin()]},
        {"cem"},
        "through another account's hands",
    ),
    (
        {"ana": [added_origin(), reset_origin("ben")], "ben": [added_origin()]},
        {"ana", "ben"},
        "a reset account has both roots",
    ),
    (
        {"ana": [added_origin(), reset_origin("ben")], "ben": [invited_origin("cem")], "cem": [added_origin()]},
        {"ana", "cem"},
        "the root of the resetter, who was invited",
    ),
    (
        {"ana": [invited_origin("ben")], "ben": [added_origin(), reset_origin("cem", 1)], "cem": [added_origin()]},
        {"ben", "cem"},
        "an inviter who was reset may have been the resetter",
    ),
    (
        {"ana": [invited_origin("ben"), reset_origin("cem", 1)], "ben": [added_origin()], "cem": [added_origin()]},
        {"ben", "cem"},
        "invited by one, reset by another",
    ),
    (
        {"ana": [added_origin(), reset_origin("ben")], "ben": [added_origin(), reset_origin("ana")]},
        {"ana", "ben"},
        "two who reset one another are one",
    ),
    ({"ana": [invited_origin("ben")], "ben": [invited_origin("ana")]}, set(), "a circle that nobody added has no root"),
    ({"ana": [invited_origin("ben"), added_origin(1)], "ben": [added_origin()]}, {"ana"}, "added again by the owner"),
    (
        {
            "ana": [invited_origin("ben"), added_origin(1), reset_origin("cem", 2)],
            "ben": [added_origin()],
            "cem": [added_origin()],
        },
        {"ana", "cem"},
        "reset after it was added again",
    ),
    (
        {"ana": [added_origin(), reset_origin("ben")], "ben": [added_origin()]},
        {"ana", "ben"},
        "a reset at the moment of the adding",
    ),
    (
        {"ana": [added_origin(), reset_origin("ben", 1), added_origin(2)], "ben": [added_origin()]},
        {"ana"},
        "added, reset, added again",
    ),
    (
        {"ana": [invited_origin("cem")], "cem": [invited_origin("ben"), added_origin(5)], "ben": [added_origin()]},
        {"ben", "cem"},
        "what an account made before it was added again stays with its earlier maker",
    ),
]


@pytest.mark.parametrize(("history", "expected", "_why"), ROOTS)
def test_the_roots_of_an_account_are(history: Mapping[str, list[Origin]], expected: set[str], _why: str) -> None:
    assert roots_of(history)["ana"] == expected


HANDED: list[tuple[list[Origin], int | None, int | None, str]] = [
    ([added_origin()], 0, None, "the owner of the directory added the account with its role"),
    ([added_origin()], 3, 3, "an administrator gave the role later"),
    ([added_origin(), reset_origin("ben", 4)], 0, 4, "somebody reset the password"),
    ([invited_origin("ben", 1)], 1, 1, "somebody invited the account"),
    ([invited_origin("ben", 1)], 5, 5, "and gave it the role later"),
    ([invited_origin("ben", 1), added_origin(2)], 1, None, "the owner added it again since"),
    ([added_origin()], None, None, "without a role"),
]


@pytest.mark.parametrize(("history", "granted", "expected", "_why"), HANDED)
def test_an_account_was_last_handed_over(
    history: list[Origin], granted: int | None, expected: int | None, _why: str
) -> None:
    granted_at, at = (None if day is None else START + timedelta(days=day) for day in (granted, expected))
    assert handed_over_at(history, granted_at) == at


def roots_by_name(**roots: str) -> dict[str, frozenset[str]]:
    return {person: frozenset(names.split()) for person, names in roots.items()}


PAIRS: list[tuple[dict[str, frozenset[str]], bool, str]] = [
    (roots_by_name(ana="ana", ben="ben"), True, "two that the owner made"),
    (roots_by_name(ana="cem", ben="cem"), False, "two guests of one person, who says nothing"),
    (roots_by_name(ana="cem", ben="dan"), True, "guests of two people"),
    (roots_by_name(ana="ana", ben="ana"), False, "a host and a guest"),
    (roots_by_name(ana="ana cem", ben="ben cem"), False, "two that one person reset"),
    (roots_by_name(ana="ana cem", ben="ben"), True, "one that somebody else reset"),
    (roots_by_name(ana="", ben="ben"), False, "an account without a root"),
    (roots_by_name(ben="ben"), False, "an unknown account"),
]


@pytest.mark.parametrize(("roots", "expected", "_why"), PAIRS)
def test_two_accounts_count_as_two_people(roots: dict[str, frozenset[str]], expected: bool, _why: str) -> None:
    assert are_independent(roots, "ana", "ben") is are_independent(roots, "ben", "ana") is expected


def test_an_account_is_not_a_second_person_beside_itself() -> None:
    assert not are_independent(roots_by_name(ana="ana"), "ana", "ana")


def test_an_account_that_must_differ_from_several_must_differ_from_each() -> None:
    roots = roots_by_name(ana="ana", ben="ben", cem="ben")
    assert is_independent_of_all(roots, "ana", ["ben", "cem"])
    assert not is_independent_of_all(roots, "ben", ["ana", "cem"])
    assert is_independent_of_all({}, "ana", [])


def test_the_accounts_of_the_same_person_include_the_named_ones() -> None:
    roots = roots_by_name(ana="ana", ben="ana", cem="cem", dan="ana cem")
    assert accounts_of_same_person(roots, {"ana"}) == {"ana", "ben", "dan"}
    assert accounts_of_same_person(roots, {"unknown"}) == {"ana", "ben", "cem", "dan", "unknown"}
    assert accounts_of_same_person(roots, set()) == set()


MOST: list[tuple[dict[str, frozenset[str]], str, tuple[str, ...], str]] = [
    (roots_by_name(ana="ana", ben="ben"), "ana ben", ("ana", "ben"), "two"),
    (roots_by_name(ana="ana", ben="ben"), "ben ana", ("ben", "ana"), "in their order"),
    (roots_by_name(ana="cem", ben="cem"), "ana ben", ("ana",), "of two guests of one person the first"),
    (roots_by_name(ana="ana dan", ben="ana", cem="dan"), "ana ben cem", ("ben", "cem"), "two in place of the first"),
    (
        roots_by_name(ana="ana ben", ben="ben cem", cem="cem dan"),
        "ana ben cem",
        ("ana", "cem"),
        "the two ends of a chain",
    ),
    (roots_by_name(ana="ana ben", ben="ben cem", cem="cem dan"), "ben ana cem", ("ana", "cem"), "and not its middle"),
    (roots_by_name(ana=""), "ana", ("ana",), "without a root, alone"),
    (roots_by_name(ana="", ben="ben"), "ana ben", ("ana",), "without a root, beside no other"),
    ({}, "", (), "nobody"),
]


@pytest.mark.parametrize(("roots", "people", "expected", "_why"), MOST)
def test_the_most_that_count_as_as_many_people(
    roots: dict[str, frozenset[str]], people: str, expected: tuple[str, ...], _why: str
) -> None:
    assert largest_independent_set(roots, people.split()) == expected


@st.composite
def histories(draw: st.DrawFn) -> dict[str, list[Origin]]:
    """Accounts that are added or invited by an earlier one, with resets by anybody at any time."""
    history: dict[str, list[Origin]] = {}
    for number, person in enumerate(PEOPLE):
        host = draw(st.sampled_from((None, *PEOPLE[:number])))
        history[person] = [added_origin() if host is None else invited_origin(host)]
    for _ in range(draw(st.integers(0, 6))):
        person, by = draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(PEOPLE))
        if person != by:
            history[person].append(reset_origin(by, draw(st.integers(0, 3))))
    return history


def controlled_by(history: Mapping[str, list[Origin]], root: str) -> set[str]:
    """The accounts that one added person may hold: computed forwards, from the maker to the account."""
    possible = {root}
    while True:
        more = {
            person for person, events in history.items() if any(event.made_by in possible for event in events)
        } - possible
        if not more:
            return possible
        possible |= more


@given(histories())
def test_no_two_approvals_of_one_root_ever_count_as_two(history: dict[str, list[Origin]]) -> None:
    roots = roots_of(history)
    for root in (person for person, events in history.items() if events[0].making is OriginKind.ADDED):
        possible = controlled_by(history, root)
        assert not any(are_independent(roots, *pair) for pair in combinations(possible, 2))
        assert len(largest_independent_set(roots, possible)) == 1


@given(histories(), st.lists(st.sampled_from(PEOPLE), max_size=6))
def test_the_chosen_are_pairwise_independent_and_no_larger_choice_is(
    history: dict[str, list[Origin]], people: list[str]
) -> None:
    roots = roots_of(history)
    chosen = largest_independent_set(roots, people)
    assert all(are_independent(roots, *pair) for pair in combinations(chosen, 2))
    for larger in combinations(dict.fromkeys(people), len(chosen) + 1):
        assert not all(are_independent(roots, *pair) for pair in combinations(larger, 2))


def test_a_hundred_puppets_count_as_the_three_people_who_alone_made_some() -> None:
    roots = {f"p{number}": frozenset({f"root{number % 3}", f"root{number % 5}"}) for number in range(100)}
    assert largest_independent_set(roots, roots) == ("p0", "p1", "p2")
