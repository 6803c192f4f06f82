import re
from collections.abc import Callable

import pytest

from features.compute import NAMES
from models.errors import BundleRefused
from models.forest import Forest
from models.treetext import check_trees
from tests.fixtures.scorers import a_forest

TEXT = a_forest().text


def in_tree_3(name: str, change: Callable[[list[str]], list[str]]) -> str:
    """The text with one line of its fourth tree changed, and the sizes made to fit again."""
    start, end = TEXT.index("Tree=3\n"), TEXT.index("Tree=4\n")
    before = TEXT[start:end]
    line = re.search(rf"^{name}=(.*)$", before, re.MULTILINE)
    assert line is not None
    after = before.replace(line[0], f"{name}={' '.join(change(line[1].split()))}")
    return with_size(TEXT[:start] + after + TEXT[end:], len(after))


def with_size(text: str, size: int) -> str:
    """The text in whose head the fourth tree has this size."""
    line = re.search(r"^tree_sizes=(.*)$", text, re.MULTILINE)
    assert line is not None
    sizes = line[1].split()
    sizes[3] = str(size)
    return text.replace(line[0], f"tree_sizes={' '.join(sizes)}")


def with_first_number(text: str) -> Callable[[list[str]], list[str]]:
    return lambda numbers: [text, *numbers[1:]]


DAMAGED: list[tuple[str, Callable[[list[str]], list[str]], str]] = [
    ("left_child", with_first_number("0"), "a node that is its own child: LightGBM walks for ever"),
    ("right_child", lambda numbers: ["2" if numbers[0] == "1" else "1", *numbers[1:]], "a node with two parents"),
    ("left_child", with_first_number("99999999"), "a child far outside the tree: LightGBM reads what is not its own"),
    ("left_child", with_first_number("-99999999"), "a leaf far outside"),
    ("left_child", lambda numbers: numbers[:-1], "a child too few"),
    ("left_child", with_first_number("1_0"), "a number that only Python reads"),
    ("left_child", with_first_number("x"), "no number"),
    ("split_feature", with_first_number("999999999"), "a column far outside the row"),
    ("split_feature", with_first_number("-1"), "a column before the first"),
    ("decision_type", with_first_number("11"), "a split on a set of categories that is not there: LightGBM crashes"),
    ("threshold", with_first_number("nan"), "a split on no number"),
    ("threshold", lambda numbers: [*numbers, "1"], "a threshold too many"),
    ("leaf_value", with_first_number("nan"), "a leaf that is no number"),
    ("leaf_value", with_first_number("inf"), "an infinite leaf"),
    ("leaf_value", with_first_number("1e999"), "a leaf beyond float"),
    ("num_leaves", with_first_number("2000000000"), "more leaves than memory"),
    ("num_leaves", with_first_number("0"), "no leaf"),
    ("num_leaves", with_first_number("-5"), "fewer leaves than none"),
    ("num_cat", with_first_number("3"), "splits on categories, which no column has"),
    ("is_linear", with_first_number("1"), "leaves that are formulas"),
    ("decision_type", with_first_number("2"), "a split that reads what is missing as zero"),
    ("leaf_weight", with_first_number("x"), "a weight that is no number: LightGBM ends the process"),
    ("leaf_count", with_first_number("0"), "a leaf of nobody, by which parts of a score are weighed"),
    ("internal_count", with_first_number("-1"), "a node of fewer than nobody"),
    ("internal_value", with_first_number("nan"), "a node's value that is no number"),
    ("internal_weight", with_first_number("w"), "a node's weight that is no number: LightGBM ends the process"),
    ("split_gain", with_first_number("inf"), "an endless gain"),
    ("shrinkage", with_first_number("x"), "a tree shrunk by no number: LightGBM ends the process"),
    ("shrinkage", lambda _: [], "a tree shrunk by nothing"),
    ("shrinkage", lambda _: ["1\nleaf_const=0.1"], "a field that no tree of ours has"),
    ("split_feature", with_first_number(str(len(NAMES))), "the column after the last"),
    ("shrinkage", lambda _: ["1\nnum_leaves=2"], "a field twice: the one that is read here need not be LightGBM's"),
]


@pytest.mark.parametrize(("name", "change", "_why"), DAMAGED)
def test_a_damaged_tree_never_reaches_lightgbm(name: str, change: Callable[[list[str]], list[str]], _why: str) -> None:
    with pytest.raises(BundleRefused, match=r"^The forest cannot be read: tree 3 is damaged\.$"):
        check_trees(in_tree_3(name, change))


HEADS: list[tuple[str, str, str, str]] = [
    ("num_class=1", "num_class=0", "its head is damaged", "no class"),
    ("num_tree_per_iteration=1", "num_tree_per_iteration=7", "its head is damaged", "seven trees a round"),
    ("tree_sizes=", "tree_size=", "its head is damaged", "no sizes, by which LightGBM finds the trees"),
    ("tree_sizes=", "tree_sizes=1 ", "tree 0 is damaged", "a tree too many"),
    ("tree_sizes=", "tree_sizes=-5 ", "tree 0 is damaged", "a size below zero"),
    ("max_feature_idx", "max_feature", "its head is damaged", "no number of columns"),
    ("Tree=3\n", "Tree=4\n", "tree 3 is damaged", "a tree out of its place"),
    ("Tree=3\n", "Tree=3 \n", "tree 3 is damaged", "a byte more than the sizes say"),
    ("end of trees", "more of them", "it does not end after its last tree", "no end date"),
    ("objective=binary sigmoid:1", "objective=lambdarank", "its head is damaged", "another aim"),
    ("objective=binary sigmoid:1", "objective=binary sigmoid:-1", "its head is damaged", "scaled by less than nothing"),
    ("label_index=0\n", "label_index=0\naverage_output\n", "its head is damaged", "a line that no forest of ours has"),
    ("feature_names=", "feature_names=é", "its head is damaged", "a name of a character of two bytes"),
    ("feature_names=", "feature_names=one_more ", "its head is damaged", "more names than columns"),
    ("feature_infos=", "feature_infos=none ", "its head is damaged", "more ranges than columns"),
    ("pandas_categorical:null", "pandas_categorical:[[1]]", "it does not end after", "categories behind the trees"),
    (
        "feature_importances:\n", "parameters:\n[num_threads: 999]\nend of parameters\n",
        "it does not end after", "settings behind the trees",
    ),
    ("objective=", "objectivé=", "its head is damaged", "a character of two bytes, which moves what the sizes name"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "sentence", "_why"), HEADS)
def test_a_damaged_frame_never_reaches_lightgbm(old: str, new: str, sentence: str, _why: str) -> None:
    assert old in TEXT
    with pytest.raises(BundleRefused, match=sentence):
        check_trees(TEXT.replace(old, new, 1))


def test_no_beginning_of_a_forest_is_one() -> None:
    for at in range(0, TEXT.index("end of trees"), 97):
        with pytest.raises(BundleRefused):
            check_trees(TEXT[:at])


def test_a_split_that_only_tells_missing_from_known_is_one() -> None:
    text = in_tree_3("threshold", with_first_number("inf"))
    check_trees(text)
    assert Forest(text).columns == a_forest().columns


def test_a_tree_that_never_splits_is_one() -> None:
    start, end = TEXT.index("Tree=3\n"), TEXT.index("Tree=4\n")
    emptied = r"(?m)^(split_.*|threshold|decision_type|.*_child|leaf_weight|internal_.*)=.*$"
    bare = re.sub(emptied, r"\1=", TEXT[start:end])
    bare = re.sub(r"(?m)^leaf_value=.*$", "leaf_value=0.5", bare.replace("num_leaves=6", "num_leaves=1"))
    bare = re.sub(r"(?m)^leaf_count=.*$", "leaf_count=300", bare)
    text = with_size(TEXT[:start] + bare + TEXT[end:], len(bare))
    check_trees(text)
    assert Forest(text).columns == a_forest().columns


def test_the_text_of_a_trained_forest_is_one() -> None:
    check_trees(TEXT)
