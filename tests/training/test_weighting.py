import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.facts import Facts
from features.minhash import band_keys, signature_of
from models.policies.learning import DEFAULT_WEIGHTING, WeightPolicy
from tests.fixtures.facts import some_facts
from tests.fixtures.labelled import a_market, market_facts, snapshot_rows
from training.evaluate.metrics import effective_number
from training.fit.weighting import (
    Weights,
    largest_sources,
    near_duplicates,
    represented_listings,
    suppliers,
    training_weights,
    trim_weights,
)
from training.snapshots.snapshot import SnapshotRow

DATA = a_market(160)
FACTS = market_facts(DATA)
ROWS = snapshot_rows(DATA)
UNCAPPED = WeightPolicy(most_weight=1e9, source_share=1.0, slice_share=1.0)


def weights_of(rows: Sequence[SnapshotRow], policy: WeightPolicy = DEFAULT_WEIGHTING) -> Weights:
    return training_weights(rows, FACTS[: len(rows)], policy)


WEIGHTS = [
    (1.0, 1.0, 1.0, "reviewed for certain"),
    (0.7, 1.0, 0.7, "one analyst"),
    (1.0, 0.5, 2.0, "reviewed by half a chance: stands for two"),
    (1.0, 0.03, 10.0, "drawn for an audit: stands for 33, counts for ten"),
    (0.2, 0.03, 0.2 / 0.03, "below ten after its own weight"),
]


@pytest.mark.parametrize(("weight", "chance", "expected", "_why"), WEIGHTS)
def test_a_row_weighs(weight: float, chance: float, expected: float, _why: str) -> None:
    row = replace(ROWS[0], weight=weight, inclusion_probability=chance)
    assert weights_of([row]).values.tolist() == pytest.approx([expected])


@pytest.mark.parametrize(("chance", "expected"), [(1.0, 1.0), (0.5, 2.0), (0.01, 100.0)])
def test_a_row_represents_the_inverse_of_its_probability_uncapped(chance: float, expected: float) -> None:
    assert represented_listings([replace(ROWS[0], inclusion_probability=chance, weight=0.7)]).tolist() == pytest.approx(
        [expected]
    )


def copies(n: int, **changes: Any) -> list[SnapshotRow]:
    changed = {"inclusion_probability": 1.0, "seller_cluster": "seller-0", **changes}
    return [replace(ROWS[0], version_id=f"ver_copy_{i}", **changed) for i in range(n)]


def test_fifty_copies_of_one_listing_weigh_as_one() -> None:
    weights = training_weights(copies(50, weight=0.7), FACTS[:1] * 50, UNCAPPED)
    assert weights.values.sum() == pytest.approx(0.7)
    assert weights.report["near_duplicates"] == 50


def test_two_sellers_of_one_text_weigh_as_two() -> None:
    rows = [*copies(1, weight=1.0), *copies(1, weight=1.0, seller_cluster="seller-1")]
    weights = training_weights(rows, FACTS[:1] * 2, UNCAPPED)
    assert (weights.values.tolist(), weights.report["near_duplicates"]) == ([1.0, 1.0], 0)


def test_sampled_copies_share_the_capped_weight() -> None:
    rows = [*copies(1, weight=1.0), *copies(1, weight=1.0, inclusion_probability=0.01)]
    weights = training_weights(rows, FACTS[:1] * 2, replace(UNCAPPED, most_weight=10.0))
    assert weights.values.tolist() == pytest.approx([0.5, 5.0])
    assert weights.report["capped_rows"] == 1


def test_rows_above_the_cap_and_copies_are_counted() -> None:
    """Nine differ; a tenth and an eleventh are copies of the first. Of .1, .05 and .01, two are capped."""
    rows = [
        replace(row, inclusion_probability=1.0, weight=1.0, seller_cluster=f"s{i}") for i, row in enumerate(ROWS[:9])
    ]
    rows[1:4] = [replace(row, inclusion_probability=p) for row, p in zip(rows[1:4], (0.1, 0.05, 0.01), strict=True)]
    rows += [replace(rows[0], version_id=f"ver_copy_{i}") for i in range(2)]
    weights = training_weights(rows, [*FACTS[:9], FACTS[0], FACTS[0]], replace(UNCAPPED, most_weight=10.0))
    assert (weights.report["capped_rows"], weights.report["near_duplicates"]) == (2, 3)


def flooded_rows(by: str, rows: Sequence[SnapshotRow] = ROWS) -> list[SnapshotRow]:
    """Nine in ten genuine rows are of one source, the rest of twenty others."""
    return [
        replace(row, inclusion_probability=1.0, sources=(by if i % 10 else f"user:{i // 10 % 20}",))
        for i, row in enumerate(rows)
    ]


def test_one_source_among_many_cannot_dominate_a_class() -> None:
    rows = flooded_rows("brand:planted")
    labels, theirs = DATA.labels, np.array([row.sources == ("brand:planted",) for row in rows])
    values = weights_of(rows).values
    for class_label in (0, 1):
        others = len({row.sources for row, label in zip(rows, labels, strict=True) if label == class_label})
        share = values[theirs & (labels == class_label)].sum() / values[labels == class_label].sum()
        assert share == pytest.approx(max(0.02, 3 / others), rel=1e-6)


def test_capped_groups_are_counted() -> None:
    assert weights_of(flooded_rows("brand:planted")).report["capped"]["source"] == 2
    assert weights_of(flooded_rows("brand:planted"), UNCAPPED).report["capped"] == {
        "source": 0,
        "seller": 0,
        "slice": 0,
    }


def test_nothing_gains_weight_by_a_cap() -> None:
    rows = flooded_rows("brand:planted")
    assert np.all(weights_of(rows).values <= weights_of(rows, UNCAPPED).values + 1e-12)


def test_the_effective_number_is_of_the_final_weights() -> None:
    rows = [replace(row, inclusion_probability=1.0, weight=1.0) for row in ROWS[:40]]
    rows[0] = replace(rows[0], inclusion_probability=0.1)
    weights = training_weights(rows, FACTS[:40], UNCAPPED)
    assert weights.report["effective_n"] == pytest.approx(weights.values.sum() ** 2 / (weights.values**2).sum())


def test_sources_and_sellers_change_weights_but_no_labels() -> None:
    """The order of the rows has no effect either."""
    rows = flooded_rows("brand:planted")
    order = np.random.default_rng(3).permutation(len(rows))
    shuffled = training_weights([rows[i] for i in order], [FACTS[i] for i in order])
    assert shuffled.values == pytest.approx(weights_of(rows).values[order], rel=1e-6)


TRIMMED = [
    ([1.0] * 5, 5.0, 1.0, "nothing is heavy"),
    ([1.0] * 12 + [2.0], 5.0, 2.0, "heavy, but the effective sample size is five"),
    ([1.0] * 10 + [33.0], 5.0, 6.83, "one drawn counterfeit among ten shown ones"),
    ([1.0] * 20 + [33.0], 5.0, 15.0, "more shown ones carry a heavier one"),
    ([1.0] * 4 + [33.0], 4.9, 1.385, "hardly heavier than the others"),
    ([33.0] * 5, 5.0, 33.0, "all drawn alike: none outweighs another"),
    ([1.0] * 3 + [33.0], 5.0, 1.0, "not even equal weights make five"),
]


@pytest.mark.parametrize(("weights", "fewest", "most", "_why"), TRIMMED)
def test_no_weight_is_above_the_bound_with_enough_effective_counterfeits(
    weights: list[float], fewest: float, most: float, _why: str
) -> None:
    genuine = [33.0, 1.0]
    trimmed_weights = trim_weights(
        np.array([*weights, *genuine]), np.array([True] * len(weights) + [False] * 2), fewest
    )
    assert trimmed_weights[: len(weights)].max() == pytest.approx(min(most, max(weights)), rel=0.02)
    assert trimmed_weights.max() <= max(*weights, *genuine)


@given(st.lists(st.tuples(st.floats(1, 100), st.booleans()), min_size=1, max_size=40), st.floats(1, 10))
def test_trimming_keeps_the_order_and_raises_no_weight(rows: list[tuple[float, bool]], fewest: float) -> None:
    weights, positive = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    trimmed_weights = trim_weights(weights, positive, fewest)
    assert (trimmed_weights <= weights).all()
    assert (np.diff(trimmed_weights[np.argsort(weights, kind="stable")]) >= 0).all()
    if positive.sum() >= fewest + 1e-9:
        assert effective_number(trimmed_weights[positive]) >= fewest - 1e-9


def test_the_largest_sources_come_first_with_their_labels_of_each_class() -> None:
    rows = snapshot_rows(a_market(20))[:4]
    sources = [("user:b",), ("user:a", "brand:1"), ("user:a",), ("user:a",)]
    sourced_rows = [
        replace(row, sources=names, label=n % 2) for n, (row, names) in enumerate(zip(rows, sources, strict=True))
    ]
    assert largest_sources(sourced_rows) == [
        {"source": "user:a", "labels": 3, "counterfeit": 2},
        {"source": "brand:1", "labels": 1, "counterfeit": 1},
        {"source": "user:b", "labels": 1, "counterfeit": 0},
    ]


def test_only_the_five_largest_are_reported() -> None:
    rows = [replace(row, sources=(f"user:{n}",)) for n, row in enumerate(snapshot_rows(a_market(20))[:9])]
    assert [source["source"] for source in largest_sources(rows)] == [f"user:{n}" for n in range(5)]


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
    signature, two = (signature_of(a_listing("Tote", text).listing) for text in (LONG, changed))
    assert signature is not None
    assert two is not None
    assert set(enumerate(band_keys(signature).tolist())) & set(enumerate(band_keys(two).tolist()))
    assert near_duplicates([a_listing("Tote", LONG), a_listing("Tote", changed)], ["s", "s"]).tolist() == [0, 1]


def test_the_order_of_the_rows_has_no_effect() -> None:
    """In row order, the third row would join through the first or not, depending on the row before it."""
    texts = [LONG.replace("Grey tote", "x x"), LONG.replace("pebbled", "x"), LONG.replace("brass", "x")]
    groupings = {
        frozenset(
            frozenset(
                text for text, group in zip(read, near_duplicates(listings, ["s"] * 3), strict=True) if group == number
            )
            for number in range(3)
        )
        for read in itertools.permutations(texts)
        for listings in [[a_listing("Tote", text.strip()) for text in read]]
    }
    assert len(groupings) == 1


def test_no_rows_have_no_groups() -> None:
    assert near_duplicates([], []).tolist() == []


def test_sellers_who_share_a_text_are_one_supplier() -> None:
    facts = market_facts(a_market(4))
    rows = [facts[i] for i in (0, 1, 1, 2, 3)]
    assert suppliers(rows, np.array([0, 1, 2, 2, 3])).tolist() == [0, 1, 1, 1, 3]
