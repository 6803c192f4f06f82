import numpy as np
import pytest
from numpy.typing import NDArray

from features.compute import NAMES, family_columns
from features.spec import Family
from models.arrays import Labels
from training.fit_forest import ForestSettings, fit_forest, forest_settings, with_masked_copies

SETTINGS = [(0, 400, 3), (99, 400, 3), (100, 400, 7), (299, 400, 7), (300, 600, 7), (2_999, 600, 7), (3_000, 400, 31)]


@pytest.mark.parametrize(("positives", "rounds", "leaves"), SETTINGS)
def test_trees_grow_with_the_number_of_counterfeits(positives: int, rounds: int, leaves: int) -> None:
    found = forest_settings(positives)
    assert (found.rounds, found.leaves) == (rounds, leaves)


def test_no_setting_of_the_forest_depends_on_time_or_threads() -> None:
    found = ForestSettings(rounds=1, leaves=2, learning_rate=0.1, rows_per_leaf=1).parameters(3, 1)
    assert (found["deterministic"], found["force_row_wise"], found["seed"]) == (True, True, 3)


def masked(share: float, columns: int = len(NAMES)) -> tuple[NDArray[np.float64], Labels, NDArray[np.float64]]:
    rows = np.arange(40.0 * columns).reshape(40, columns)
    return with_masked_copies(rows, np.array([0, 1] * 20, dtype=np.int8), np.full(40, 0.8), seed=0, share=share)


def test_the_rows_themselves_stay_as_they_are() -> None:
    rows, labels, weights = masked(0.15)
    assert np.array_equal(rows[:40], np.arange(40.0 * len(NAMES)).reshape(40, len(NAMES)))
    assert (labels[:40].tolist(), set(weights[:40])) == ([0, 1] * 20, {0.8})


def test_a_copy_lacks_one_whole_family_and_weighs_half() -> None:
    rows, labels, weights = masked(0.15)
    families = [set(family_columns(family)) for family in Family]
    copies = rows[40:]
    assert all(set(np.flatnonzero(np.isnan(row))) in families for row in copies)
    assert set(weights[40:]) == {0.4}
    originals = {int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in copies}
    assert originals <= set(range(40))
    assert len(labels) == len(rows)


@pytest.mark.parametrize("columns", [len(NAMES), len(NAMES) + 1])
def test_every_column_is_missing_somewhere_even_at_a_share_of_zero(columns: int) -> None:
    rows, _, _ = masked(0.0, columns)
    assert np.isnan(rows).any(axis=0).all()


def test_a_copy_keeps_its_label() -> None:
    rows, labels, _ = masked(0.5)
    of = [int(np.nanmin(row - np.arange(len(NAMES)))) // len(NAMES) for row in rows]
    assert labels.tolist() == [i % 2 for i in of]


def test_a_forest_learns_only_what_its_offset_leaves_open() -> None:
    """Nine labels in ten follow the first column, which the offset states."""
    random = np.random.default_rng(0)
    columns = np.zeros((1_000, len(NAMES)))
    columns[:, 0] = random.integers(0, 2, 1_000)
    labels = (columns[:, 0] != (random.random(1_000) < 0.1)).astype(np.int8)
    settings = ForestSettings(rounds=40, leaves=3, learning_rate=0.1, rows_per_leaf=10)

    def moved(offset: NDArray[np.float64] | None) -> float:
        forest = fit_forest(
            columns, labels, np.ones(1_000), settings=settings, names=NAMES, seed=0, threads=1, offset=offset
        )
        rows = np.zeros((2, len(NAMES)))
        rows[1, 0] = 1
        low, high = forest.raw(rows)
        return abs(float(high - low))

    assert moved(None) > 1
    assert moved((2 * columns[:, 0] - 1) * np.log(9)) < 0.4
