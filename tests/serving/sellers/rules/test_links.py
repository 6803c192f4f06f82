"""Links of sellers by contacts that were known before the moment."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import given

from features.contacts import ContactKind
from features.links import Links
from models.outcomes import Outcome
from serving.sellers.policy import DEFAULT_LINKS, LinkPolicy
from serving.sellers.rules.links import Contacts, LinkSearch, Mention
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY

Shared = Sequence[tuple[str, str, float]]
KINDS = {"p": ContactKind.PHONE, "e": ContactKind.EMAIL, "a": ContactKind.ADDRESS}


def mentions(shared: Shared) -> list[Mention]:
    """Each row is a contact, its seller, and the number of days since it is known."""
    return [Mention(token, KINDS[token[0]], seller, NOW - timedelta(days=days)) for token, seller, days in shared]


def complete_search(
    shared: Shared, seller: str = "me", as_of: datetime = NOW, policy: LinkPolicy = DEFAULT_LINKS
) -> LinkSearch:
    """A completed search over all contacts."""
    search, contacts = LinkSearch(seller, as_of, policy), Contacts(mentions(shared))
    while search.frontier:
        search.step(contacts)
    return search


def links(shared: Shared, seller: str = "me", as_of: datetime = NOW) -> Links:
    return complete_search(shared, seller, as_of).links({})


def ways(links: Links) -> list[str]:
    return [" ".join(f"{step.kind[0]}>{step.seller}" for step in link.path) for link in links.sellers]


LINKED: list[tuple[Shared, list[str], str]] = [
    ([], [], "no contacts"),
    ([("p1", "me", 9)], [], "a contact of one's own"),
    ([("p1", "me", 9), ("p1", "ann", 9)], ["p>ann"], "one shares it"),
    ([("p1", "me", 9), ("p2", "ann", 9)], [], "another telephone"),
    ([("p1", "me", 9), ("p1", "ann", 0)], [], "known at the moment itself: the listing was scored without it"),
    ([("p1", "me", 0), ("p1", "ann", 9)], [], "one's own known at the moment itself"),
    ([("p1", "me", 9), ("p1", "ann", -1)], [], "known only later"),
    (
        [("p1", "me", 9), ("p1", "ann", 9), ("a1", "ann", 9), ("a1", "bo", 9)],
        ["p>ann", "p>ann a>bo"],
        "another contact shared with that one",
    ),
    (
        [("p1", "me", 9), ("p1", "ann", 9), ("a1", "ann", 9), ("a1", "bo", -1)],
        ["p>ann"],
        "a second step known only later",
    ),
    (
        [("p1", "me", 9), ("p1", "ann", 9), ("a1", "ann", 9), ("a1", "bo", 9), ("e1", "me", 9), ("e1", "bo", 9)],
        ["e>bo", "p>ann"],
        "the shortest path counts",
    ),
    (
        [("p1", "me", 9), ("p1", "ann", 9), ("e1", "me", 9), ("e1", "ann", 9)],
        ["e>ann"],
        "of two paths of equal length the first by kind",
    ),
    (
        [("p1", "me", 9), ("p1", "ann", 9), ("a1", "ann", 9), ("a1", "me", 9), ("a1", "bo", 9)],
        ["a>ann", "a>bo"],
        "a ring is followed once",
    ),
]


@pytest.mark.parametrize(("shared", "expected", "_why"), LINKED)
def test_sellers_are_linked(shared: Shared, expected: list[str], _why: str) -> None:
    assert ways(links(shared)) == expected


def everybody(n: int) -> list[tuple[str, str, float]]:
    """A telephone number of n sellers, me among them; higher numbers are known for a shorter time."""
    return [("p1", "me", 90.0), *(("p1", f"s{i:03d}", 80.0 - i) for i in range(n - 1))]


def test_a_contact_of_ten_sellers_links_them_and_one_of_eleven_links_nobody() -> None:
    ten, eleven = links(everybody(10)), links(everybody(11))
    assert (len(ten.sellers), ten.common) == (9, 0)
    assert (len(eleven.sellers), eleven.common, eleven.contacts) == (0, 1, 1)


def test_a_contact_of_eleven_does_not_link_on_the_way_either() -> None:
    shared = [*everybody(11), ("e1", "me", 9.0), ("e1", "ann", 9.0), ("p1", "ann", 9.0)]
    assert ways(links(shared)) == ["e>ann"]


def test_a_contact_linked_its_first_ten_until_the_eleventh_came() -> None:
    before = NOW - timedelta(days=72) + timedelta(seconds=1)
    assert len(links(everybody(11), as_of=before).sellers) == 9
    assert links(everybody(11)).sellers == ()


def chain(n: int) -> list[tuple[str, str, float]]:
    """me - s1 - s2 - ... each shares a telephone number with the next."""
    names = ["me", *(f"s{i}" for i in range(1, n))]
    return [(f"p{i}", name, 9.0) for i in range(n) for name in names[i : i + 2]]


def test_a_chain_is_followed_for_four_steps() -> None:
    assert [len(link.path) for link in links(chain(12)).sellers] == [1, 2, 3, 4]


def star(n: int) -> list[tuple[str, str, float]]:
    """A different telephone number shared with each of n sellers."""
    return [(f"p{i:02d}", name, 9.0) for i in range(n) for name in ("me", f"s{i:02d}")]


def test_a_large_component_is_cut_to_the_nearest_and_marked() -> None:
    cut, whole = links(star(25)), links(star(20))
    assert (len(cut.sellers), cut.more, cut.contacts) == (20, True, 25)
    assert (len(whole.sellers), whole.more) == (20, False)


def test_a_search_stops_at_the_largest_component_size() -> None:
    assert complete_search(star(25)).frontier == ()
    search, contacts = LinkSearch("me", NOW, DEFAULT_LINKS), Contacts(mentions(star(25)))
    search.step(contacts)
    assert search.frontier == ()


def test_each_linked_seller_has_the_outcomes_of_its_listings() -> None:
    search = complete_search([("p1", "me", 9), ("p1", "ann", 9), ("a1", "ann", 9), ("a1", "bo", 9)])
    fakes = [Outcome("L1", True, NOW), Outcome("L2", True, NOW), Outcome("L3", False, NOW)]
    links = search.links({"ann": fakes, "nobody": fakes})
    assert [(link.path[-1].seller, link.counterfeit, link.genuine) for link in links.sellers] == [
        ("ann", 2, 1),
        ("bo", 0, 0),
    ]


shared_contacts = st.lists(
    st.tuples(
        st.sampled_from(["p1", "p2", "a1", "a2", "e1"]),
        st.sampled_from(["me", "ann", "bo", "cy", "di"]),
        st.integers(-2, 9),
    ),
    max_size=14,
    unique_by=lambda contact: contact[:2],
)


@PROPERTY
@given(shared_contacts, st.randoms(use_true_random=False))
def test_the_order_in_which_contacts_are_read_changes_nothing(
    shared: list[tuple[str, str, int]], random: object
) -> None:
    shuffled = sorted(shared, key=lambda _: random.random())  # type: ignore[attr-defined]  # a random.Random
    assert links(shuffled) == links(shared)


@PROPERTY
@given(shared_contacts)
def test_each_step_of_a_path_is_a_contact_that_both_had(shared: list[tuple[str, str, int]]) -> None:
    known = {(token, seller) for token, seller, days in shared if days > 0}
    for link in links(shared).sellers:
        before = "me"
        for step in link.path:
            tokens = {token for token, _ in known if token[0] == step.kind[0]}
            assert any((token, before) in known and (token, step.seller) in known for token in tokens)
            before = step.seller


@PROPERTY
@given(shared_contacts)
def test_links_are_symmetric(shared: list[tuple[str, str, int]]) -> None:
    for link in links(shared).sellers:
        back = links(shared, seller=link.path[-1].seller)
        assert len(link.path) in [len(other.path) for other in back.sellers if other.path[-1].seller == "me"]


@PROPERTY
@given(shared_contacts, st.integers(2, 4))
def test_of_each_contact_the_earliest_are_enough(shared: list[tuple[str, str, int]], most: int) -> None:
    policy = replace(DEFAULT_LINKS, most_sellers_of_a_contact=most)
    earliest = [
        contact
        for contact in shared
        if sum((other[2], contact[1]) > (contact[2], other[1]) for other in shared if other[0] == contact[0]) <= most
    ]
    whole, partial = complete_search(shared, policy=policy), complete_search(earliest, policy=policy)
    if {row[0] for row in shared if row[1] == "me"} == {row[0] for row in earliest if row[1] == "me"}:
        assert partial.links({}) == whole.links({})
