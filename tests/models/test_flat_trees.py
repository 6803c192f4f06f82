import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import lightgbm as lgb
import numpy as np
import pytest
from numpy.typing import NDArray

from features.compute import NAMES, matrix
from features.facts import Facts
from features.listing import Listing
from models import forest as forests
from models.arrays import Floats
from models.calibration import Calibration
from models.classifier import TEXT_COLUMN, Join, learner_columns
from models.errors import BundleRefused
from models.flat_trees import ZERO, flatten, sum_leaves
from models.forest import Forest, export_booster, probe_rows, splits_without_missing, without_settings
from models.treetext import Tree, trees_of
from tests.fixtures.facts import bare_facts, full_facts, some_facts, suspect_facts
from tests.fixtures.scorers import BENT, CALIBRATION, a_booster, a_classifier, a_forest, a_text_model
from tests.models.test_treetext import in_tree_3, with_first_number

T = TypeVar("T")
COLUMNS = len(NAMES)
# One split, and one on top of another whose missing values go the other way.
STUMP = Tree((0,), (0.5,), (True,), (-1,), (-2,), (1.0, 2.0))
PAIR = Tree((0, 1), (0.5, -1.0), (True, False), (1, -1), (-2, -3), (1.0, 2.0, 4.0))
MISSING = float("nan")


def sum_of_leaves(trees: list[Tree], rows: Floats, columns: int = COLUMNS) -> Floats:
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
    assert sum_of_leaves([tree], np.array([row]), columns).tolist() == [leaf]
    assert sum_of_leaves([tree], np.array([row] * 16), columns).tolist() == [leaf] * 16, (
        "sixteen rows are summed together"
    )


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
    forest = Forest(export_booster(a_booster(NAMES, rounds=trees, leaves=leaves), NAMES))
    rows = random_rows(17)
    by_lightgbm = np.asarray(lgb.Booster(model_str=forest.text).predict(rows, raw_score=True))
    assert forest.flattened
    assert np.array_equal(forest.raw(rows), by_lightgbm)
    assert np.array_equal(np.concatenate([forest.raw(rows[i : i + 1]) for i in range(17)]), by_lightgbm)


def test_a_forest_that_was_just_fitted_has_the_values_of_the_one_that_is_read() -> None:
    text = a_forest().text
    fitted, rows = Forest(text, just_written=True), random_rows(17)
    assert not fitted.flattened
    assert np.array_equal(fitted.raw(rows), Forest(text).raw(rows))
    assert np.allclose(fitted.contributions(rows), Forest(text).contributions(rows), atol=1e-9)


@pytest.mark.parametrize("threshold", ["inf", "-inf", "0", "-0.0", "1e-36", "5e-324", "1e308"])
def test_thresholds_that_training_seldom_writes_are_lightgbm_s(threshold: str) -> None:
    assert Forest(in_tree_3("threshold", with_first_number(threshold))).flattened


@pytest.mark.parametrize("many", [2, 1_100])
def test_more_slots_than_a_way_can_name_are_traversed(many: int) -> None:
    trees = [replace(STUMP, columns=(column,)) for column in range(many)]
    rows = np.array([[float(column % 3 == 0) for column in range(many)]])
    assert sum_of_leaves(trees, rows, many).tolist() == [many + -(-many // 3)]


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
    rows = np.concatenate(list(probe_rows(trees, COLUMNS)))
    right = sum_of_leaves(trees, rows)
    unseen = [
        (number, node, what)
        for number, tree in enumerate(trees)
        for node in range(len(tree.columns))
        for what, faulty in with_faults(tree, node)
        if np.array_equal(sum_of_leaves([*trees[:number], faulty, *trees[number + 1 :]], rows), right)
    ]
    assert unseen == []


def with_faults(tree: Tree, node: int) -> list[tuple[str, Tree]]:
    def replace_node(values: tuple[T, ...], replacement: T) -> tuple[T, ...]:
        return (*values[:node], replacement, *values[node + 1 :])

    threshold = tree.thresholds[node]
    moved = [("below", math.nextafter(threshold, -math.inf)), ("above", math.nextafter(threshold, math.inf))]
    return [
        ("missing", replace(tree, missing_left=replace_node(tree.missing_left, not tree.missing_left[node]))),
        *(
            (what, replace(tree, thresholds=replace_node(tree.thresholds, to)))
            for what, to in moved
            if math.isfinite(threshold)
        ),
    ]


def with_a_wrong_leaf(trees: list[Tree], columns: int) -> Floats:
    leaves = trees[5].leaves
    return flatten([*trees[:5], replace(trees[5], leaves=(*leaves[:-1], leaves[-1] + 1e-12)), *trees[6:]], columns)


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
    forest = Forest(text)
    assert not forest.flattened
    assert np.array_equal(forest.raw(random_rows(40)), a_forest().raw(random_rows(40)))


def rows(n: int = 50) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    random = np.random.default_rng(9)
    matrix = random.standard_normal((n, len(NAMES)))
    matrix[random.random(matrix.shape) < 0.3] = np.nan
    return matrix


def test_a_forest_trained_without_missing_values_is_refused() -> None:
    """LightGBM would read NaN as zero in every split of such a column."""
    with pytest.raises(ValueError, match="read NaN as zero"):
        export_booster(a_booster(NAMES, with_missing=False), NAMES)


def test_every_split_of_a_forest_trained_without_missing_values_is_counted() -> None:
    booster = a_booster(NAMES, with_missing=False)
    splits = sum(tree["num_leaves"] - 1 for tree in booster.dump_model()["tree_info"])
    assert splits_without_missing(booster.model_to_string()) == splits > 0


def test_a_single_split_that_reads_nan_as_zero_is_counted() -> None:
    text = a_forest().text
    line = next(line for line in text.splitlines() if line.startswith("decision_type=10"))
    assert splits_without_missing(text.replace(line, line.replace("10", "2", 1), 1)) == 1


def test_a_forest_of_other_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="not the feature set"):
        export_booster(a_booster(NAMES), NAMES[::-1])


def test_the_settings_of_a_run_are_no_part_of_the_model() -> None:
    whole = a_booster(NAMES).model_to_string()
    assert "num_threads" in whole
    assert not re.search("num_threads|^parameters", without_settings(whole), re.MULTILINE)


def test_a_text_without_settings_stays_as_it_is() -> None:
    assert without_settings(a_forest().text) == a_forest().text


def test_raw_values_are_those_of_lightgbm() -> None:
    booster = a_booster(NAMES)
    assert np.array_equal(Forest(export_booster(booster, NAMES)).raw(rows()), booster.predict(rows(), raw_score=True))


def test_contributions_sum_to_the_raw_value() -> None:
    parts = a_forest().contributions(rows())
    assert parts.shape == (50, len(NAMES) + 1)
    assert np.allclose(parts.sum(axis=1), a_forest().raw(rows()), rtol=0, atol=1e-9)


def test_threads_change_nothing() -> None:
    assert np.array_equal(a_forest().raw(rows(), threads=1), a_forest().raw(rows(), threads=2))


def test_missing_is_not_zero() -> None:
    known = np.zeros((1, len(NAMES)))
    missing = np.full((1, len(NAMES)), np.nan)
    assert a_forest().raw(known)[0] != a_forest().raw(missing)[0]


def test_a_text_that_is_no_forest_is_refused() -> None:
    with pytest.raises(BundleRefused, match="cannot be read"):
        Forest("no forest")


FACTS = [some_facts(), full_facts(), bare_facts(), suspect_facts()]


def rows_of(facts: list[Facts]) -> tuple[NDArray[np.float64], list[Listing]]:
    return matrix(facts), [listing_facts.listing for listing_facts in facts]


def test_a_sum_is_of_standardised_parts_calibrated() -> None:
    """By the fixture's numbers: 1.7 x (0.4 x (forest + 0.2) / 1.3 + 0.6 x (text - 0.1) / 0.7) - 2.5."""
    numbers, listings = rows_of(FACTS)
    forest, text = a_forest().raw(numbers), a_text_model().many(listings)
    expected = 1.7 * (0.4 * (forest + 0.2) / 1.3 + 0.6 * (text - 0.1) / 0.7) - 2.5
    assert a_classifier(Join.SUM).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


def test_with_an_offset_both_log_odds_add_up() -> None:
    """By the fixture's numbers: 1.7 x ((forest + 0.2) / 1.3 + 0.6 x (text - 0.1) / 0.7) - 2.5."""
    numbers, listings = rows_of(FACTS)
    forest, text = a_forest().raw(numbers), a_text_model().many(listings)
    expected = 1.7 * ((forest + 0.2) / 1.3 + 0.6 * (text - 0.1) / 0.7) - 2.5
    assert a_classifier(Join.OFFSET).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


def test_in_a_stack_the_text_is_the_forest_s_last_column() -> None:
    numbers, listings = rows_of(FACTS)
    columns = np.column_stack([numbers, a_text_model().many(listings)])
    expected = 1.7 * a_forest(Join.STACK).raw(columns) - 2.5
    assert a_classifier(Join.STACK).log_odds(numbers, listings) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("calibration", [CALIBRATION, BENT], ids=["sigmoid", "curve"])
@pytest.mark.parametrize("join", Join)
def test_contributions_and_base_sum_to_the_log_odds(join: Join, calibration: Calibration) -> None:
    numbers, listings = rows_of(FACTS)
    model = a_classifier(join, calibration)
    parts = model.contributions(numbers, listings)
    assert parts.features.shape == (len(FACTS), len(NAMES))
    total = parts.features.sum(axis=1) + parts.text + parts.base
    assert total == pytest.approx(model.log_odds(numbers, listings), abs=1e-9)


def test_a_curve_scales_all_parts_of_a_listing_alike() -> None:
    """So a reason that weighs twice another weighs twice as much however the curve bends."""
    numbers, listings = rows_of(FACTS)
    straight, bent = (a_classifier(Join.SUM, curve).contributions(numbers, listings) for curve in (CALIBRATION, BENT))
    for i in range(len(FACTS)):
        line, curve = (np.append(parts.features[i], parts.text[i]) for parts in (straight, bent))
        scale = curve[line != 0] / line[line != 0]
        assert scale == pytest.approx(np.full(len(scale), scale[0]))
        assert scale[0] > 0


def test_the_base_of_a_curve_is_its_value_for_a_listing_without_contributions() -> None:
    """Where the line from base to value starts: at the curve's own height over the base value."""
    numbers, listings = rows_of(FACTS)
    straight, bent = (a_classifier(Join.SUM, curve).contributions(numbers, listings) for curve in (CALIBRATION, BENT))
    base_values = (straight.base + 2.5) / 1.7
    assert bent.base == pytest.approx(BENT.log_odds(base_values), abs=1e-9)


@pytest.mark.parametrize("join", Join)
def test_a_row_of_which_nothing_is_known_has_a_score(join: Join) -> None:
    nothing = np.full((1, len(NAMES)), np.nan)
    assert np.isfinite(a_classifier(join).log_odds(nothing, [Listing(external_id="MP-0", title="x")])).all()


@pytest.mark.parametrize("join", Join)
def test_a_row_scores_alone_as_it_does_among_others(join: Join) -> None:
    classifier, (together, listings) = a_classifier(join), rows_of(FACTS)
    alone = [classifier.calibrate(*row).log_odds for row in zip(together, listings, strict=True)]
    assert classifier.log_odds(together, listings).tolist() == alone


def test_a_sum_has_the_feature_set_and_a_stack_one_column_more() -> None:
    assert (learner_columns(Join.SUM), learner_columns(Join.STACK)) == (NAMES, (*NAMES, TEXT_COLUMN))
