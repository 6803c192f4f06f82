import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import lightgbm as lgb
import numpy as np
import pytest

from features.compute import NAMES
from models import forest as forests
from models.arrays import Floats
from models.flat_trees import ZERO, flatten, sum_leaves
from models.forest import Forest, export, probes
from models.treetext import Tree, trees_of
from tests.fixtures.scorers import a_booster, a_forest
from tests.models.test_treetext import in_tree_3, put

T = TypeVar("T")
COLUMNS = len(NAMES)
# One split, and one on top of another whose missing values go the other way.
STUMP = Tree((0,), (0.5,), (True,), (-1,), (-2,), (1.0, 2.0))
PAIR = Tree((0, 1), (0.5, -1.0), (True, False), (1, -1), (-2, -3), (1.0, 2.0, 4.0))
MISSING = float("nan")


def summed(trees: list[Tree], rows: Floats, columns: int = COLUMNS) -> Floats:
    out = np.empty(len(rows))
    sum_leaves(rows, flatten(trees, columns), out)
    return out


def random_rows(n: int) -> Floats:
    random = np.random.default_rng(n)
    rows = random.standard_normal((n, COLUMNS))
    rows[random.random(rows.shape) < 0.3] = np.nan
    return rows


TAKEN = [
    (STUMP, (0.5,), 1.0, "the threshold itself goes left"),
    (STUMP, (np.nextafter(0.5, 1),), 2.0, "the next number goes right"),
    (STUMP, (MISSING,), 1.0, "a missing value goes to the side of the split"),
    (PAIR, (MISSING, MISSING), 4.0, "left at the root, and right at the split below it"),
    (PAIR, (0.0, -1.0), 1.0, "left twice"),
    (PAIR, (1.0, -1.0), 2.0, "right at the root, whose second child is a leaf"),
    (Tree((0,), (np.inf,), (False,), (-1,), (-2,), (1.0, 2.0)), (np.inf,), 1.0, "infinity is known"),
    (Tree((0,), (np.inf,), (False,), (-1,), (-2,), (1.0, 2.0)), (MISSING,), 2.0, "missing is not infinity"),
    (Tree((0,), (np.inf,), (True,), (-1,), (-2,), (1.0, 2.0)), (MISSING,), 1.0, "everything goes left"),
    (Tree((0,), (-np.inf,), (True,), (-1,), (-2,), (1.0, 2.0)), (MISSING,), 1.0, "missing is below all"),
    (Tree((0,), (-np.inf,), (True,), (-1,), (-2,), (1.0, 2.0)), (-1e308,), 2.0, "known is above the lowest"),
    (Tree((0,), (0.0,), (True,), (-1,), (-2,), (1.0, 2.0)), (ZERO,), 1.0, "LightGBM reads it as zero"),
    (Tree((0,), (0.0,), (True,), (-1,), (-2,), (1.0, 2.0)), (np.nextafter(ZERO, 1),), 2.0, "and the next as it is"),
    (Tree((), (), (), (), (), (3.0,)), (0.0,), 3.0, "a tree without a split"),
]


@pytest.mark.parametrize(("tree", "row", "leaf", "why"), TAKEN)
def test_a_row_ends_in_the_leaf_that_its_values_lead_to(
    tree: Tree, row: tuple[float, ...], leaf: float, why: str
) -> None:
    columns = len(row)
    assert summed([tree], np.array([row]), columns).tolist() == [leaf]
    assert summed([tree], np.array([row] * 16), columns).tolist() == [leaf] * 16, "sixteen rows are summed together"


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 40])
def test_any_number_of_rows_has_the_values_of_lightgbm(n: int) -> None:
    booster = lgb.Booster(model_str=a_forest().text)
    rows = random_rows(n)
    expected = booster.predict(rows, raw_score=True) if n else np.empty(0)
    assert np.array_equal(a_forest().raw(rows), np.asarray(expected))


@pytest.mark.parametrize("leaves", [3, 7, 8, 20])
@pytest.mark.parametrize("trees", [1, 7, 8, 9, 30])
def test_any_number_of_trees_has_the_values_of_lightgbm(trees: int, leaves: int) -> None:
    """For one row, trees of up to seven leaves are looked up."""
    forest = Forest(export(a_booster(NAMES, rounds=trees, leaves=leaves), NAMES))
    rows = random_rows(17)
    by_lightgbm = np.asarray(lgb.Booster(model_str=forest.text).predict(rows, raw_score=True))
    assert forest.flattened
    assert np.array_equal(forest.raw(rows), by_lightgbm)
    assert np.array_equal(np.concatenate([forest.raw(rows[i : i + 1]) for i in range(17)]), by_lightgbm)


@pytest.mark.parametrize("threshold", ["inf", "-inf", "0", "-0.0", "1e-36", "5e-324", "1e308"])
def test_thresholds_that_training_seldom_writes_are_lightgbm_s(threshold: str) -> None:
    assert Forest(in_tree_3("threshold", put(threshold))).flattened


@pytest.mark.parametrize("many", [2, 1_100])
def test_more_slots_than_a_way_can_name_are_traversed(many: int) -> None:
    trees = [replace(STUMP, columns=(column,)) for column in range(many)]
    rows = np.array([[float(column % 3 == 0) for column in range(many)]])
    assert summed(trees, rows, many).tolist() == [many + -(-many // 3)]


def test_rows_that_are_not_contiguous_are_read_in_their_own_order() -> None:
    rows = np.asfortranarray(random_rows(20))
    assert np.array_equal(a_forest().raw(rows), a_forest().raw(np.ascontiguousarray(rows)))


@pytest.mark.parametrize("columns", [COLUMNS - 1, COLUMNS + 1])
def test_rows_of_other_columns_are_refused(columns: int) -> None:
    """The traversal would read past their end."""
    with pytest.raises(ValueError, match="another number of columns"):
        a_forest().raw(np.zeros((1, columns)))


def test_the_probes_show_a_fault_at_any_split() -> None:
    """Each threshold of the fixture moved by one bit up and down, and each missing value sent to the other side."""
    trees = list(trees_of(a_forest().text))
    rows = np.concatenate(list(probes(trees, COLUMNS)))
    right = summed(trees, rows)
    unseen = [
        (number, node, what)
        for number, tree in enumerate(trees)
        for node in range(len(tree.columns))
        for what, faulty in with_faults(tree, node)
        if np.array_equal(summed([*trees[:number], faulty, *trees[number + 1 :]], rows), right)
    ]
    assert unseen == []


def with_faults(tree: Tree, node: int) -> list[tuple[str, Tree]]:
    def put(values: tuple[T, ...], value: T) -> tuple[T, ...]:
        return (*values[:node], value, *values[node + 1 :])

    threshold = tree.thresholds[node]
    moved = [("below", math.nextafter(threshold, -math.inf)), ("above", math.nextafter(threshold, math.inf))]
    return [
        ("missing", replace(tree, missing_left=put(tree.missing_left, not tree.missing_left[node]))),
        *((what, replace(tree, thresholds=put(tree.thresholds, to))) for what, to in moved if math.isfinite(threshold)),
    ]


def with_a_wrong_leaf(trees: list[Tree], columns: int) -> Floats:
    leaves = trees[5].leaves
    wrong = replace(trees[5], leaves=(*leaves[:-1], leaves[-1] + 1e-12))
    return flatten([*trees[:5], wrong, *trees[6:]], columns)


def with_a_wrong_way(trees: list[Tree], columns: int) -> Floats:
    """Only a row by itself is looked up, so that a batch has the right values."""
    flat = flatten(trees, columns)
    flat[-15:-8] += 1e-12  # The leaves of the last tree.
    return flat


@pytest.mark.parametrize("wrong", [with_a_wrong_leaf, with_a_wrong_way])
def test_a_forest_that_comes_out_otherwise_is_computed_by_lightgbm(
    monkeypatch: pytest.MonkeyPatch, wrong: Callable[[list[Tree], int], Floats]
) -> None:
    text = a_forest().text  # Made before the patch, because the fixture keeps it.
    monkeypatch.setattr(forests, "flatten", wrong)
    found = Forest(text)
    assert not found.flattened
    assert np.array_equal(found.raw(random_rows(40)), a_forest().raw(random_rows(40)))
