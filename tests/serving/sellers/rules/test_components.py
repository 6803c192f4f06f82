"""Components of linked sellers, and splits that keep each on one side."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from serving.sellers.policy import DEFAULT_LINKS
from serving.sellers.rules.links import ComponentSearch, Contacts, Mention
from tests.fixtures.clocks import NOW
from tests.fixtures.strategies import PROPERTY
from tests.serving.sellers.rules.test_links import Shared, mentions
from training.evaluate.splits import grouped_folds, seller_groups, split_for_judging


def components(mentions: list[Mention], sellers: list[str], as_of: datetime = NOW) -> Mapping[str, str]:
    search, contacts = ComponentSearch(sellers, as_of, DEFAULT_LINKS), Contacts(mentions)
    while search.frontier:
        search.step(contacts)
    return search.components


CHAIN: Shared = [(f"p{i}", seller, 9) for i in range(7) for seller in (f"s{i}", f"s{i + 1}")]
COMPONENTS: list[tuple[Shared, list[str], dict[str, str], str]] = [
    ([], ["ann"], {"ann": "ann"}, "no contacts"),
    ([("p1", "me", 9), ("p1", "ann", 9)], ["me"], {"me": "ann", "ann": "ann"}, "named by the first in order"),
    ([("p1", "me", 9), ("p1", "ann", 0)], ["me"], {"me": "me"}, "known at the moment itself"),
    ([("p1", "me", 9), ("p1", "ann", -1)], ["me", "ann"], {"me": "me", "ann": "ann"}, "known only later"),
    (CHAIN, ["s7", "s0"], {f"s{i}": "s0" for i in range(8)}, "seven steps, through sellers without a row"),
    ([("p1", f"s{i}", 9) for i in range(10)], ["s3"], {f"s{i}": "s0" for i in range(10)}, "ten share a contact"),
    ([("p1", f"s{i:02}", 9) for i in range(11)], ["s03"], {"s03": "s03"}, "eleven do: it is common and no link"),
]


@pytest.mark.parametrize(("shared", "sellers", "expected", "_why"), COMPONENTS)
def test_a_component_is_all_sellers_linked_before_the_moment(
    shared: Shared, sellers: list[str], expected: dict[str, str], _why: str
) -> None:
    assert components(mentions(shared), sellers) == expected


MENTIONS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 14), st.integers(-3, 9)), max_size=40).map(
    lambda rows: mentions([(f"p{token}", f"s{seller:02}", days) for token, seller, days in rows])
)
ROWS = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


def closure_of(mentions: list[Mention], as_of: datetime) -> dict[str, frozenset[str]]:
    """The sellers that each can be reached from, by repeated union of the sharers of a contact."""
    sharers: dict[str, set[str]] = {}
    for mention in mentions:
        if mention.known_at < as_of:
            sharers.setdefault(mention.token, set()).add(mention.seller)
    links = [sellers for sellers in sharers.values() if len(sellers) <= DEFAULT_LINKS.most_sellers_of_a_contact]
    reached = {seller: frozenset({seller}) for mention in mentions for seller in [mention.seller]}
    for _ in reached:
        for sellers in links:
            together = frozenset().union(*(reached[seller] for seller in sellers))
            reached |= dict.fromkeys(together, together)
    return reached


@PROPERTY
@given(MENTIONS, ROWS, st.integers(0, 30), st.integers(0, 6))
def test_no_component_is_on_both_sides_of_a_split(
    mentions: list[Mention], rows: list[tuple[int, int, bool]], learnt: int, fewest: int
) -> None:
    sellers = [f"s{number:02}" for number, _, _ in rows]
    mentions = list({(mention.token, mention.seller): mention for mention in mentions}.values())
    clusters = components(mentions, sorted(set(sellers)))
    reached = closure_of(mentions, NOW)
    for seller in sellers:
        assert {member for member in clusters if clusters[member] == clusters[seller]} == reached.get(seller, {seller})
    groups = seller_groups([clusters[seller] for seller in sellers])
    labels = np.array([counterfeit for _, _, counterfeit in rows], dtype=np.int8)
    split = split_for_judging(
        [NOW + timedelta(days=day) for _, day, _ in rows],
        groups,
        labels,
        champion_learnt_until=NOW + timedelta(days=learnt),
        fewest_positives=fewest,
        fewest_positive_sellers=1,
    )
    sides = [(fold.fit.tolist(), fold.judge.tolist()) for fold in split.time_folds]
    if all(len(np.unique(groups[labels == label])) >= 2 for label in (0, 1)):
        sides += [(train.tolist(), test.tolist()) for train, test in grouped_folds(labels, groups, folds=2, seed=0)]
    for fitted, judged in sides:
        for row in judged:
            assert not reached.get(sellers[row], {sellers[row]}) & {sellers[other] for other in fitted}
