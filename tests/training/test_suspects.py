from dataclasses import replace

import numpy as np
import pytest

from tests.fixtures.labelled import a_market, snapshot_rows
from training.suspects import doubtful, suspects

ROW = snapshot_rows(a_market(2))[0]

# Ten rows labelled counterfeit with a mean probability of .62, ten genuine with a mean of .76 for genuine.
COUNTERFEIT = [0.9, 0.9, 0.9, 0.8, 0.8, 0.8, 0.5, 0.4, 0.15, 0.05]
GENUINE = [0.05, 0.05, 0.05, 0.05, 0.1, 0.1, 0.3, 0.45, 0.6, 0.65]
LABELS = np.array([1] * 10 + [0] * 10, dtype=np.int8)
PROBABILITIES = np.array(COUNTERFEIT + GENUINE)


def test_the_off_diagonal_of_the_confident_joint_by_hand() -> None:
    """Counterfeit at .05 and .15 is genuine at .95 and .85, above .76; genuine at .65 is above .62, but .6 is not."""
    assert PROBABILITIES[:10].mean() == pytest.approx(0.62)
    assert (1 - PROBABILITIES[10:]).mean() == pytest.approx(0.76)
    assert doubtful(LABELS, PROBABILITIES).tolist() == [9, 8, 19]


def test_a_label_with_the_higher_probability_is_not_in_doubt() -> None:
    """A genuine label at .4 exceeds the mean of .3 of the counterfeits, but genuine is still more probable."""
    assert doubtful(np.array([1, 1, 0, 0], dtype=np.int8), np.array([0.3, 0.3, 0.4, 0.1])).tolist() == []


BOUNDS = [
    ([1, 0, 0], [0.5, 0.6, 0.6], [1, 2], "an even chance is no doubt, though a genuine label's mean is below it"),
    ([1, 1, 0, 0], [0.75, 0.75, 0.75, 0.0], [2], "as sure as of that class's own on average is enough"),
]


@pytest.mark.parametrize(("labels", "probabilities", "found", "_why"), BOUNDS)
def test_a_label_is_in_doubt_from_there_on(
    labels: list[int], probabilities: list[float], found: list[int], _why: str
) -> None:
    assert doubtful(np.array(labels, dtype=np.int8), np.array(probabilities)).tolist() == found


@pytest.mark.parametrize("label", [0, 1])
def test_where_there_is_one_class_nothing_is_in_doubt(label: int) -> None:
    assert doubtful(np.full(3, label, dtype=np.int8), np.array([0.1, 0.5, 0.9])).tolist() == []


def test_planted_mistakes_are_found_first() -> None:
    """A model that is right on nine in ten, with one label in twenty inverted."""
    random = np.random.default_rng(7)
    truth = (random.random(4_000) < 0.2).astype(np.int8)
    probabilities = np.clip(np.where(truth == 1, 0.85, 0.1) + random.normal(0, 0.15, 4_000), 0.01, 0.99)
    planted = random.random(4_000) < 0.05
    found = doubtful(np.where(planted, 1 - truth, truth).astype(np.int8), probabilities)
    assert planted[found].mean() > 0.95
    assert planted[found].sum() > 0.5 * planted.sum()
    assert planted[found[:50]].all()


ROWS = [replace(ROW, version_id=f"ver_{i:02d}", label=int(label)) for i, label in enumerate(LABELS)]
APART = np.arange(20)


def test_a_suspect_has_its_probability_and_doubt() -> None:
    first, _, third = suspects(ROWS, PROBABILITIES, APART, most=10)
    assert (first.version_id, first.label, first.probability) == ("ver_09", 1, 0.05)
    assert (third.version_id, third.label, third.probability) == ("ver_19", 0, 0.65)
    assert [first.doubt, third.doubt] == pytest.approx([0.95, 0.65])


def test_the_most_doubtful_are_kept() -> None:
    assert [one.version_id for one in suspects(ROWS, PROBABILITIES, APART, most=2)] == ["ver_09", "ver_08"]


@pytest.mark.parametrize("level", ["appeal", "test_buy"])
def test_labels_with_stronger_evidence_are_not_reviewed_again(level: str) -> None:
    rows = [replace(row, evidence_level=level) if row.version_id == "ver_09" else row for row in ROWS]
    assert [one.version_id for one in suspects(rows, PROBABILITIES, APART, most=10)] == ["ver_08", "ver_19"]


def test_one_of_the_near_duplicates_is_reviewed() -> None:
    copies = np.where((APART == 8) | (APART == 9), 8, APART)
    assert [one.version_id for one in suspects(ROWS, PROBABILITIES, copies, most=10)] == ["ver_09", "ver_19"]
