"""What LightGBM takes for granted: that its text describes trees. Looked at here, before it reads a forest.

LightGBM follows a child's number wherever it leads: out of its memory, or round and round for ever. A trial run only
proves it for the branches that the trial took.
"""

import math
import re
from collections.abc import Mapping
from typing import Final

from models.errors import BundleRefused

_INTEGER: Final = re.compile(r"-?\d{1,10}\Z", re.ASCII)
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\Z", re.ASCII)
_PER_SPLIT: Final = (
    *("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"),
    *("internal_value", "internal_weight", "internal_count"),
)
_PER_LEAF: Final = ("leaf_value", "leaf_weight", "leaf_count")


def check_trees(text: str) -> None:
    """Refuse a text unless each tree is one: every node reached once, every split on a column, every leaf finite.

    Raises
    ------
    BundleRefused
        It is not; the sentence names the tree.
    """
    try:
        head, sizes = _head(text)
        at = len(head) + 2
        columns = _integer(_fields(head)["max_feature_idx"]) + 1
    except (KeyError, ValueError):
        raise BundleRefused("The forest cannot be read: its head is damaged.") from None
    for number, size in enumerate(sizes):
        block = text[at : at + size]
        at += size
        try:
            found = _fields(block)
            if size < 1 or not block.startswith(f"Tree={number}\n"):
                raise ValueError
            _check_tree(found, columns)
        except (KeyError, ValueError):
            raise BundleRefused(f"The forest cannot be read: tree {number} is damaged.") from None
    if not text.startswith("end of trees\n", at):
        raise BundleRefused("The forest cannot be read: it does not end after its last tree.")


def _head(text: str) -> tuple[str, list[int]]:
    head, blank, _ = text.partition("\n\n")
    found = _fields(head)
    # The sizes are of bytes, and LightGBM finds each tree by them.
    if not blank or not text.isascii() or (found["num_class"], found["num_tree_per_iteration"]) != ("1", "1"):
        raise ValueError
    return head, [_integer(size) for size in found["tree_sizes"].split(" ")]


def _fields(block: str) -> dict[str, str]:
    lines = [line.partition("=") for line in block.split("\n") if line]
    found = {name: value for name, _, value in lines}
    if len(found) != len(lines):
        raise ValueError
    return found


def _check_tree(found: Mapping[str, str], columns: int) -> None:
    leaves = _integer(found["num_leaves"])
    splits = leaves - 1
    if leaves < 1 or (found["num_cat"], found["is_linear"]) != ("0", "0"):
        raise ValueError
    # A tree that never splits has one leaf, of which only the value is written.
    for names, many in ((_PER_SPLIT, splits), (_PER_LEAF if splits else ("leaf_value",), leaves)):
        if any(len(_split(found[name])) != many for name in names):
            raise ValueError
    children = sorted(_integer(node) for name in ("left_child", "right_child") for node in _split(found[name]))
    if splits and children != [*range(-leaves, 0), *range(1, splits)]:
        raise ValueError
    if any(not 0 <= _integer(column) < columns for column in _split(found["split_feature"])):
        raise ValueError
    if not all(_NUMBER.match(value) and math.isfinite(float(value)) for value in _split(found["leaf_value"])):
        raise ValueError
    # Its lowest bit asks for a set of categories, and there is none: num_cat is 0.
    if any(_integer(kind) & 1 for kind in _split(found["decision_type"])):
        raise ValueError
    # A split that only tells missing from known has an infinite threshold.
    if not all(_NUMBER.match(value) or value in {"inf", "-inf"} for value in _split(found["threshold"])):
        raise ValueError


def _split(value: str) -> list[str]:
    return value.split(" ") if value else []


def _integer(value: str) -> int:
    if not _INTEGER.match(value):
        raise ValueError
    return int(value)
