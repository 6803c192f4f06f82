import math
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations

import lightgbm as lgb
import numpy as np
import pytest

from features.compute import NAMES
from models import forest as forests
from models import tree_shares
from models.arrays import Floats
from models.forest import Forest
from models.share_kernels import write_shares
from models.tree_shares import shares_of
from models.treetext import Tree
from tests.fixtures.scorers import a_forest

MISSING = math.nan
TEXT = a_forest().text  # Made before a test patches anything, because the fixture keeps it.
# Column 0 splits the path twice; of 100 rows 30, 20, 40 and 10 end in the leaves.
TREE = Tree(
    columns=(0, 1, 0),
    thresholds=(0.0, 5.0, 1.0),
    missing_left=(True, False, True),
    left_child=(-1, 2, -2),
    right_child=(1, -4, -3),
    leaves=(1.0, -2.0, 4.0, 8.0),
    counts=(100, 70, 60),
    leaf_counts=(30, 20, 40, 10),
)


def shares(trees: list[Tree], rows: Floats) -> Floats:
    out = np.empty((len(rows), rows.shape[1] + 1))
    write_shares(rows, shares_of(trees), out)
    return out


def known_value(tree: Tree, node: int, row: Floats, known: frozenset[int]) -> float:
    """The expected leaf where only these columns are known: by training rows at the splits of the others."""
    if node < 0:
        return tree.leaves[~node]
    column, children = tree.columns[node], (tree.left_child[node], tree.right_child[node])
    if column in known:
        cell = row[column]
        goes_left = tree.missing_left[node] if math.isnan(cell) else cell <= tree.thresholds[node]
        return known_value(tree, children[0] if goes_left else children[1], row, known)
    counts = [tree.leaf_counts[~child] if child < 0 else tree.counts[child] for child in children]
    parts = [known_value(tree, child, row, known) * n for child, n in zip(children, counts, strict=True)]
    return sum(parts) / tree.counts[node]


def by_definition(tree: Tree, row: Floats) -> list[float]:
    """Shapley's sum over all sets of the other columns."""
    many = len(row)
    shares = []
    for column in range(many):
        others = [other for other in range(many) if other != column]
        total = 0.0
        for size in range(many):
            weight = math.factorial(size) * math.factorial(many - size - 1) / math.factorial(many)
            for subset in map(frozenset, combinations(others, size)):
                gain = known_value(tree, tree.root, row, subset | {column}) - known_value(tree, tree.root, row, subset)
                total += weight * gain
        shares.append(total)
    return [*shares, known_value(tree, tree.root, row, frozenset())]


@pytest.fixture(params=[tree_shares.MOST_SPLITS, -1], ids=["looked up", "traversed"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small trees in tables, or traversed as large ones are."""
    monkeypatch.setattr(tree_shares, "MOST_SPLITS", request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    "row",
    [(-1.0, 0.0, 0.0), (0.5, 9.0, 0.0), (0.5, 1.0, 0.0), (3.0, 1.0, 0.0), (MISSING, 1.0, 0.0), (2.0, MISSING, 0.0)],
)
def test_shares_are_shapley_values_by_their_definition(row: tuple[float, ...]) -> None:
    rows = np.array([row])
    assert shares([TREE], rows)[0] == pytest.approx(by_definition(TREE, rows[0]), abs=1e-12)
    assert shares([TREE, TREE], rows)[0] == pytest.approx(2 * np.array(by_definition(TREE, rows[0])), abs=1e-12)


@pytest.mark.usefixtures("way")
def test_a_tree_without_a_split_adds_to_the_expected_value_alone() -> None:
    leaf = Tree((), (), (), (), (), (3.0,))
    assert shares([leaf], np.zeros((1, 2)))[0].tolist() == [0.0, 0.0, 3.0]


@pytest.mark.parametrize("leaves", [2, 7, 8, 31, 200])
def test_shares_are_lightgbm_s_for_trees_of_any_size(leaves: int) -> None:
    """Up to seven leaves are looked up. The last has up to some twenty columns on a path."""
    random = np.random.default_rng(leaves)
    rows = random.standard_normal((600, 40))
    rows[random.random(rows.shape) < 0.2] = np.nan
    labels = np.nansum(rows[:, :20], axis=1) > 0
    settings = {"objective": "binary", "num_leaves": leaves, "min_data_in_leaf": 1, "num_threads": 1, "verbose": -1}
    names = [f"c{i}" for i in range(40)]
    dataset = lgb.Dataset(rows, labels, feature_name=names, params={"feature_pre_filter": False})
    forest = Forest(forests.export_booster(lgb.train(settings, dataset, 10), names))
    expected = lgb.Booster(model_str=forest.text).predict(rows[:100], pred_contrib=True)
    assert forest.flattened
    assert np.abs(forest.contributions(rows[:100]) - np.asarray(expected)).max() < 1e-9


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(
    ("change", "_why"),
    [
        (
            lambda tree: replace(tree, leaf_counts=(*tree.leaf_counts[:-1], tree.leaf_counts[-1] + 1)),
            "a leaf of more rows",
        ),
        (
            lambda tree: replace(tree, missing_left=tuple(not is_left for is_left in tree.missing_left)),
            "missing on the other side",
        ),
    ],
)
def test_a_forest_whose_shares_differ_is_computed_by_lightgbm(
    monkeypatch: pytest.MonkeyPatch, change: Callable[[Tree], Tree], _why: str
) -> None:
    monkeypatch.setattr(forests, "shares_of", lambda trees: shares_of([change(tree) for tree in trees]))
    forest, rows = Forest(TEXT), np.zeros((3, len(NAMES)))
    expected = np.asarray(lgb.Booster(model_str=forest.text).predict(rows, pred_contrib=True))
    assert not forest.flattened
    assert np.array_equal(forest.contributions(rows), expected)


@pytest.mark.parametrize("columns", [len(NAMES) - 1, len(NAMES) + 1])
def test_rows_of_other_columns_are_refused(columns: int) -> None:
    with pytest.raises(ValueError, match="another number of columns"):
        a_forest().contributions(np.zeros((1, columns)))
