from dataclasses import replace

import numpy as np
import pytest

from features.compute import NAMES
from models.arrays import Floats, Labels
from tests.fixtures.labelled import a_market, snapshot_rows
from training.snapshots.snapshot import SnapshotRefused
from training.snapshots.soundness import Leak, leaks, refuse_copies, refuse_leaks, refuse_too_few

ROWS = snapshot_rows(a_market(160))


def some_labels(positives: int, negatives: int) -> Labels:
    return np.array([1] * positives + [0] * negatives, dtype=np.int8)


FEW = [
    (9, 20, "9 counterfeit and 20 genuine labels are mature; at least 10 and 20 are needed"),
    (10, 19, "10 counterfeit and 19 genuine labels are mature"),
]


@pytest.mark.parametrize(("positives", "negatives", "sentence"), FEW)
def test_too_few_labels_cannot_be_fitted(positives: int, negatives: int, sentence: str) -> None:
    with pytest.raises(SnapshotRefused, match=sentence):
        refuse_too_few(some_labels(positives, negatives), np.arange(positives + negatives))


def test_ten_and_twenty_labels_of_two_sellers_each_can_be_fitted() -> None:
    refuse_too_few(some_labels(10, 20), np.arange(30) % 2)


@pytest.mark.parametrize(("name", "label"), [("counterfeit", 1), ("genuine", 0)])
def test_labels_of_one_seller_cannot_be_fitted(name: str, label: int) -> None:
    labels = some_labels(10, 20)
    groups = np.where(labels == label, 0, 1 + np.arange(30))
    with pytest.raises(SnapshotRefused, match=f"All {name} labels are of one seller"):
        refuse_too_few(labels, groups)


COPIES = [(160, 9, False), (160, 10, True), (2_000, 19, False), (2_000, 20, True)]


@pytest.mark.parametrize(("n", "copied", "refused"), COPIES)
def test_rows_that_repeat_the_facts_of_others_are_refused_from_one_in_a_hundred(
    n: int, copied: int, *, refused: bool
) -> None:
    rows = [replace(ROWS[0], version_id=f"ver_{i}", facts=f"facts {max(i - copied, 0)}") for i in range(n)]
    if not refused:
        refuse_copies(rows)
        return
    with pytest.raises(SnapshotRefused, match=f"{copied} of {n:,} rows repeat the facts"):
        refuse_copies(rows)


def some_vectors(labels: Labels, column: Floats) -> Floats:
    """Noise in all columns except the fourth."""
    vectors = np.random.default_rng(5).normal(size=(len(labels), len(NAMES)))
    vectors[:, 3] = column
    return vectors


LABELS = some_labels(60, 240)
NAN = np.where(LABELS == 1, np.nan, 1.0)
ORDERED = np.arange(300, dtype=np.float64)
LEAKING = [
    (-LABELS * 1.0, 1.0, "the label's opposite"),
    (LABELS + ORDERED * 1e-3, 1.0, "the label with noise that never crosses"),
    (np.where(ORDERED == 0, 0.0, LABELS), 0.9917, "one of sixty crosses: .9917 is below"),
    (np.where(ORDERED == 299, 1.0, LABELS), 0.9979, "one of 240 crosses: .9979 is above"),
    (NAN, 1.0, "missing wherever it is counterfeit"),
    (np.full(300, 2.0), 0.5, "constant"),
    (np.full(300, np.nan), 0.5, "never known"),
]


@pytest.mark.parametrize(("column", "area", "_why"), LEAKING)
def test_a_column_that_tells_the_label_alone_is_named(column: Floats, area: float, _why: str) -> None:
    named_leaks = leaks(some_vectors(LABELS, column), LABELS)
    assert [leak.feature for leak in named_leaks] == ([NAMES[3]] if area > 0.995 else [])
    assert [leak.roc_auc for leak in named_leaks] == pytest.approx([area] if named_leaks else [], abs=1e-4)


@pytest.mark.parametrize(("positives", "negatives", "named"), [(50, 50, True), (49, 400, False), (400, 49, False)])
def test_fewer_than_fifty_of_each_class_are_not_checked(positives: int, negatives: int, *, named: bool) -> None:
    labels = some_labels(positives, negatives)
    assert bool(leaks(some_vectors(labels, labels.astype(np.float64)), labels)) is named


def test_only_rows_in_which_a_column_is_known_count() -> None:
    labels = some_labels(60, 60)
    column = np.where(np.arange(120) % 60 < 49, labels.astype(np.float64), np.nan)
    assert leaks(some_vectors(labels, column), labels) == []


def test_a_column_that_leaks_by_its_value_and_by_being_missing_is_named_once() -> None:
    """Sixty of 9,000 counterfeits and all genuine rows have it: missingness separates them at 1 - 60 / 9,000 / 2."""
    labels = some_labels(9_000, 60)
    vectors = np.zeros((len(labels), len(NAMES)))
    vectors[:, 3] = np.where(np.arange(len(labels)) < 8_940, np.nan, labels)
    assert [(leak.feature, leak.positives) for leak in leaks(vectors, labels)] == [(NAMES[3], 60)]


LEAK = Leak("price_drop", 0.9991, 60, 1_240)


def test_a_leak_is_refused_with_its_name_and_figure() -> None:
    with pytest.raises(SnapshotRefused, match=r"price_drop \(ROC-AUC 0.9991 on 60 and 1,240 rows\).*ACCEPTED_LEAKS"):
        refuse_leaks([LEAK], ["seller_age"])


def test_a_leak_that_is_accepted_by_name_is_not_refused() -> None:
    refuse_leaks([LEAK], ["price_drop", "seller_age"])


def test_of_many_leaks_three_are_named() -> None:
    with pytest.raises(SnapshotRefused) as refused:
        refuse_leaks([replace(LEAK, feature=f"f{i}") for i in range(9)], [])
    assert "f2 (" in str(refused.value)
    assert "f3" not in str(refused.value)
    assert "; and more" in str(refused.value)
    assert len(str(refused.value)) < 500


def test_three_leaks_are_all_and_four_are_more() -> None:
    for number, more in ((3, False), (4, True)):
        with pytest.raises(SnapshotRefused) as refused:
            refuse_leaks([replace(LEAK, feature=f"f{i}") for i in range(number)], [])
        assert ("and more" in str(refused.value)) is more
