import itertools
from dataclasses import replace

import pytest

from features.facts import Facts
from features.minhash import band_keys, signature_of
from tests.fixtures.facts import some_facts
from training.weighting import near_duplicates

LONG = "Grey tote of pebbled leather with brass rings, a magnetic clasp, two inner pockets and a long shoulder strap. "
OTHER = "Hand-knitted scarf in undyed wool from the hills above Biella, washed twice, soft and warm, with long fringes."


def a_listing(title: str | None, description: str | None = None) -> Facts:
    facts = some_facts()
    return replace(facts, listing=replace(facts.listing, brand=None, title=title, description=description))


GROUPS = [
    ([("Tote", LONG), ("Tote", LONG)], ["s", "s"], [0, 0], "the same text of one seller"),
    ([("Tote", LONG), ("Tote", LONG)], ["s", "t"], [0, 1], "shops copy makers"),
    ([("Tote", LONG), ("Tote!", LONG.upper())], ["s", "s"], [0, 0], "case and signs do not tell them apart"),
    ([("Tote", LONG), ("Tote", LONG.replace("brass", "steel"))], ["s", "s"], [0, 0], "one word changed"),
    ([("Tote", LONG), ("Scarf", OTHER)], ["s", "s"], [0, 1], "two goods of one seller"),
    ([("Tote", LONG), ("Tote", LONG)], [None, None], [0, 0], "nothing says that unknown sellers differ"),
    ([("Tote", LONG), ("Tote", LONG)], [None, "s"], [0, 1], "nor that one is a known one"),
    ([("Bag", None), ("BAG ", None)], ["s", "s"], [0, 0], "short texts that are equal once folded"),
    ([("Bag", None), ("Bags", None)], ["s", "s"], [0, 1], "short texts join only their equals"),
    ([("Scarf", OTHER), ("Tote", LONG), ("Scarf", OTHER)], ["s"] * 3, [0, 1, 0], "whatever stands between"),
]


@pytest.mark.parametrize(("texts", "clusters", "expected", "_why"), GROUPS)
def test_rows_are_near_duplicates(
    texts: list[tuple[str, str | None]], clusters: list[str | None], expected: list[int], _why: str
) -> None:
    assert near_duplicates([a_listing(*text) for text in texts], clusters).tolist() == expected


def test_a_chain_of_small_changes_is_one_group_in_any_order() -> None:
    words = LONG.split()
    chain = [" ".join([*words[2 * i :], *(f"changed{j}" for j in range(2 * i))]) for i in range(6)]
    for texts in (chain, chain[::-1], chain[::2] + chain[1::2]):
        assert set(near_duplicates([a_listing("Tote", text) for text in texts], ["s"] * 6).tolist()) == {0}
    assert near_duplicates([a_listing("Tote", chain[0]), a_listing("Tote", chain[-1])], ["s"] * 2).tolist() == [0, 1]


def test_texts_with_a_common_key_that_are_not_near_stay_apart() -> None:
    """Six of eighteen words changed: a third of the runs is left, and one of sixteen keys is equal by chance."""
    changed = (
        "Grey other4 of pebbled other5 with brass rings, other0 magnetic clasp, other1 inner pockets other2 a long "
        "other3 strap."
    )
    one, two = (signature_of(a_listing("Tote", text).listing) for text in (LONG, changed))
    assert one is not None
    assert two is not None
    assert set(enumerate(band_keys(one).tolist())) & set(enumerate(band_keys(two).tolist()))
    assert near_duplicates([a_listing("Tote", LONG), a_listing("Tote", changed)], ["s", "s"]).tolist() == [0, 1]


def test_the_order_of_the_rows_has_no_effect() -> None:
    """In row order, the third row would join through the first or not, depending on the row before it."""
    texts = [LONG.replace("Grey tote", "x x"), LONG.replace("pebbled", "x"), LONG.replace("brass", "x")]
    found = {
        frozenset(
            frozenset(
                text for text, group in zip(read, near_duplicates(listings, ["s"] * 3), strict=True) if group == one
            )
            for one in range(3)
        )
        for read in itertools.permutations(texts)
        for listings in [[a_listing("Tote", text.strip()) for text in read]]
    }
    assert len(found) == 1


def test_no_rows_have_no_groups() -> None:
    assert near_duplicates([], []).tolist() == []
