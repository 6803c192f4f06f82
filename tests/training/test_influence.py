from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from features.facts import Facts
from models.arrays import Floats
from models.policies.learning import WeightPolicy
from tests.fixtures.labelled import a_market, market_facts, snapshot_rows
from tests.fixtures.strategies import PROPERTY
from training.evaluate.suspects import rows_in_doubt, suspects
from training.fit.weighting import Part, cap_weights, weight_caps
from training.snapshots.snapshot import SnapshotRow

FACTS = market_facts(a_market(4))
ROW = replace(snapshot_rows(a_market(4))[0], seller_cluster=None, brand_id=None)


def a_part(groups: Sequence[int], share: float) -> Part:
    return Part("source", np.arange(len(groups)), np.array(groups), share)


HOLDS = [
    ([5.0, 1.0, 1.0, 1.0], [0, 1, 2, 3], 0.5, [3, 1, 1, 1], "half of what is then left: 3 of 6"),
    ([1.0, 1.0, 1.0, 1.0], [0, 1, 2, 3], 0.5, [1, 1, 1, 1], "nobody holds more"),
    ([3.0, 3.0, 1.0, 1.0], [0, 1, 2, 3], 0.4, [3, 3, 1, 1], "each exactly at .375"),
    ([9.0, 6.0, 1.0, 1.0], [0, 1, 2, 3], 0.4, [4, 4, 1, 1], "two at once: 4 of 10"),
    ([4.0, 2.0, 1.0, 1.0], [0, 0, 1, 2], 0.5, [4 / 3, 2 / 3, 1, 1], "a group keeps its proportions"),
    ([9.0, 1.0], [0, 1], 1.0, [9, 1], "a part of one caps nothing"),
]


@pytest.mark.parametrize(("weights", "groups", "share", "expected", "_why"), HOLDS)
def test_a_part_caps_its_largest_groups(
    weights: list[float], groups: list[int], share: float, expected: list[float], _why: str
) -> None:
    assert a_part(groups, share).cap(np.array(weights)).tolist() == pytest.approx(expected)


def test_a_part_does_not_change_other_rows() -> None:
    part = Part("source", np.array([0, 2, 3, 4]), np.array([0, 1, 2, 3]), 0.5)
    assert part.cap(np.array([5.0, 7.0, 1.0, 1.0, 1.0])).tolist() == pytest.approx([3, 7, 1, 1, 1])


@st.composite
def weighted_parts(draw: st.DrawFn) -> tuple[Floats, list[Part]]:
    """Weights and two groupings, each with a feasible cap."""
    n = draw(st.integers(4, 40))
    weights = draw(st.lists(st.sampled_from([0.1, 0.7, 1.0, 10.0]), min_size=n, max_size=n))
    caps = []
    for _ in range(2):
        groups = draw(st.lists(st.integers(0, 7), min_size=n, max_size=n))
        numbers = np.unique(groups, return_inverse=True)[1]
        caps.append(Part("source", np.arange(n), numbers, max(draw(st.floats(0.02, 0.9)), 3 / (numbers.max() + 1))))
    return np.array(weights), caps


@PROPERTY
@given(weighted_parts())
def test_no_weight_grows_and_the_last_cap_holds(both: tuple[Floats, list[Part]]) -> None:
    weights, caps = both
    new_weights = cap_weights(weights, caps)
    assert np.all(new_weights > 0)
    assert np.all(new_weights <= weights + 1e-9)
    last = caps[-1]
    totals = last.totals(new_weights)
    assert last.share >= 1 or totals.max() <= last.share * totals.sum() * (1 + 1e-6)


@PROPERTY
@given(weighted_parts())
def test_capping_twice_changes_nothing(both: tuple[Floats, list[Part]]) -> None:
    weights, (part, _) = both
    once = part.cap(weights)
    assert part.cap(once) == pytest.approx(once, rel=1e-6)


def test_incompatible_caps_leave_some_weight() -> None:
    """Ten sellers have all the weight that one flooding source does not: a tenth each, above the cap of a twentieth."""
    flood, honest = 90, 10
    by_source = a_part([0] * flood + list(range(1, honest + 1)), 0.25)
    by_seller = a_part([i % 50 + honest for i in range(flood)] + list(range(honest)), 0.05)
    new_weights = cap_weights(np.ones(flood + honest), [by_seller, by_source])
    assert new_weights[flood:].tolist() == pytest.approx([1.0] * honest)
    assert new_weights[:flood].sum() == pytest.approx(honest / 3)


LOOSE = WeightPolicy(source_share=0.02, slice_share=0.2, equal_parts=3.0)


def parts_of_rows(rows: Sequence[SnapshotRow], policy: WeightPolicy = LOOSE) -> list[tuple[str, list[int], float]]:
    capped_parts = weight_caps(rows, [FACTS[i % 4] for i in range(len(rows))], policy)
    return [(part.kind, part.rows.tolist(), round(part.share, 3)) for part in capped_parts]


def rows_of(label: int, sources: Sequence[str], **changes: Any) -> list[SnapshotRow]:
    return [replace(ROW, label=label, sources=(source,), **changes) for source in sources]


def test_the_cap_of_few_sources_is_three_equal_parts() -> None:
    caps = parts_of_rows(rows_of(1, [f"user:{i}" for i in range(10)]))
    assert ("source", list(range(10)), 0.3) in caps
    caps = parts_of_rows(rows_of(1, [f"user:{i}" for i in range(200)]))
    assert ("source", list(range(200)), 0.02) in caps


def test_three_sources_are_not_capped() -> None:
    assert not [cap for cap in parts_of_rows(rows_of(1, ["a", "b", "c"] * 4)) if cap[0] == "source"]


def test_each_class_has_its_own_caps() -> None:
    assert [cap for cap in parts_of_rows(rows_of(1, "abcdef") + rows_of(0, "abcde")) if cap[0] == "source"] == [
        ("source", list(range(6)), 0.5), ("source", list(range(6, 11)), 0.6),
    ]  # fmt: skip


def test_sellers_are_capped_by_their_cluster_and_unknown_ones_are_each_their_own() -> None:
    rows = [*rows_of(1, "a" * 4, seller_cluster="one"), *rows_of(1, "a" * 4, seller_cluster="two"), *rows_of(1, "aaa")]
    (seller,) = [cap for cap in parts_of_rows(rows) if cap[0] == "seller"]
    assert seller == ("seller", list(range(11)), 0.6)


def test_a_slice_is_capped_for_genuine_rows_alone() -> None:
    rows = rows_of(0, "abcdefgh", brand_id="brn_1") + rows_of(1, "abcdefgh", brand_id="brn_1")
    slices = [cap for cap in parts_of_rows(rows) if cap[0] == "slice" and cap[1] == list(range(8))]
    assert slices == [("slice", list(range(8)), 0.375)]


def test_a_source_may_have_a_fifth_of_a_slice_with_many_sources() -> None:
    caps = parts_of_rows(rows_of(0, [f"user:{i}" for i in range(30)], brand_id="brn_1"))
    assert ("slice", list(range(30)), 0.2) in caps


@pytest.mark.parametrize("changed", ["language", "product_type"])
def test_languages_and_categories_are_slices(changed: str) -> None:
    facts: list[Facts] = []
    for i in range(8):
        listing = replace(FACTS[0].listing, language=None, product_type=None)
        fields: dict[str, Any] = {changed: "Xx" if i % 2 else None}
        facts.append(replace(FACTS[0], listing=replace(listing, **fields)))
    (slice_part,) = [part for part in weight_caps(rows_of(0, "abcdefgh"), facts, LOOSE) if part.kind == "slice"]
    assert slice_part.rows.tolist() == [1, 3, 5, 7]


def test_two_sources_that_agree_are_a_source_of_their_own() -> None:
    pairs = [replace(ROW, label=1, sources=pair) for pair in (("a", "b"), ("b", "a"), ("a",), ("b",), ("c",))]
    (source_part,) = [part for part in weight_caps(pairs, [FACTS[0]] * 5, LOOSE) if part.kind == "source"]
    assert source_part.groups.tolist() == [0, 0, 1, 2, 3]


def test_the_order_of_slices_does_not_depend_on_the_rows() -> None:
    facts = replace(FACTS[0], listing=replace(FACTS[0].listing, language=None, product_type=None))
    rows = [*rows_of(0, "abcd", brand_id="brn_2"), *rows_of(0, "abcde", brand_id="brn_1")]
    for read in (rows, rows[::-1]):
        slices = [part for part in weight_caps(read, [facts] * 9, LOOSE) if part.kind == "slice"]
        assert [{read[i].brand_id for i in part.rows} for part in slices] == [{"brn_1"}, {"brn_2"}]


SUSPECTS_ROW = snapshot_rows(a_market(2))[0]

# Ten rows labelled counterfeit with a mean probability of .62, ten genuine with a mean of .76 for genuine.
COUNTERFEIT = [0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.5, 0.4, 0.15, 0.05]
GENUINE = [0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.3, 0.45, 0.6, 0.65]
LABELS = np.array([1] * 10 + [0] * 10, dtype=np.int8)
PROBABILITIES = np.array(COUNTERFEIT + GENUINE)


def test_the_off_diagonal_of_the_confident_joint_by_hand() -> None:
    """Counterfeit at .05 and .15 is genuine at .95 and .85, above .76; genuine at .65 is above .62, but .6 is not."""
    assert PROBABILITIES[:10].mean() == pytest.approx(0.62)
    assert (1 - PROBABILITIES[10:]).mean() == pytest.approx(0.76)
    assert rows_in_doubt(LABELS, PROBABILITIES).tolist() == [9, 8, 19]


def test_a_label_with_the_higher_probability_is_not_in_doubt() -> None:
    """A genuine label at .4 exceeds the mean of .3 of the counterfeits, but genuine is still more probable."""
    assert rows_in_doubt(np.array([1, 1, 0, 0], dtype=np.int8), np.array([0.3, 0.3, 0.4, 0.1])).tolist() == []


BOUNDS = [
    ([1, 0, 0], [0.5, 0.6, 0.6], [1, 2], "an even chance is no doubt, though a genuine label's mean is below it"),
    ([1, 1, 0, 0], [0.75, 0.75, 0.75, 0.0], [2], "as sure as of that class's own on average is enough"),
]


@pytest.mark.parametrize(("labels", "probabilities", "expected", "_why"), BOUNDS)
def test_a_label_is_in_doubt_from_there_on(
    labels: list[int], probabilities: list[float], expected: list[int], _why: str
) -> None:
    assert rows_in_doubt(np.array(labels, dtype=np.int8), np.array(probabilities)).tolist() == expected


@pytest.mark.parametrize("label", [0, 1])
def test_where_there_is_one_class_nothing_is_in_doubt(label: int) -> None:
    assert rows_in_doubt(np.full(3, label, dtype=np.int8), np.array([0.1, 0.5, 0.9])).tolist() == []


def test_planted_mistakes_are_found_first() -> None:
    """A model that is right on nine in ten, with one label in twenty inverted."""
    random = np.random.default_rng(7)
    truth = (random.random(4_000) < 0.2).astype(np.int8)
    probabilities = np.clip(np.where(truth == 1, 0.85, 0.1) + random.normal(0, 0.15, 4_000), 0.01, 0.99)
    planted = random.random(4_000) < 0.05
    doubtful_rows = rows_in_doubt(np.where(planted, 1 - truth, truth).astype(np.int8), probabilities)
    assert planted[doubtful_rows].mean() > 0.95
    assert planted[doubtful_rows].sum() > 0.5 * planted.sum()
    assert planted[doubtful_rows[:50]].all()


ROWS = [replace(SUSPECTS_ROW, version_id=f"ver_{i:02d}", label=int(label)) for i, label in enumerate(LABELS)]
APART = np.arange(20)


def test_a_suspect_has_its_probability_and_doubt() -> None:
    first, _, third = suspects(ROWS, PROBABILITIES, APART, most=10)
    assert (first.version_id, first.label, first.probability) == ("ver_09", 1, 0.05)
    assert (third.version_id, third.label, third.probability) == ("ver_19", 0, 0.65)
    assert [first.doubt, third.doubt] == pytest.approx([0.95, 0.65])


def test_the_most_doubtful_are_kept() -> None:
    assert [suspect.version_id for suspect in suspects(ROWS, PROBABILITIES, APART, most=2)] == ["ver_09", "ver_08"]


@pytest.mark.parametrize("level", ["appeal", "test_buy"])
def test_labels_with_stronger_evidence_are_not_reviewed_again(level: str) -> None:
    rows = [replace(row, evidence_level=level) if row.version_id == "ver_09" else row for row in ROWS]
    assert [suspect.version_id for suspect in suspects(rows, PROBABILITIES, APART, most=10)] == ["ver_08", "ver_19"]


def test_one_of_the_near_duplicates_is_reviewed() -> None:
    copies = np.where((APART == 8) | (APART == 9), 8, APART)
    assert [suspect.version_id for suspect in suspects(ROWS, PROBABILITIES, copies, most=10)] == ["ver_09", "ver_19"]
