"""Checks that a text in LightGBM's form describes trees, because LightGBM does not.

LightGBM follows any child number, even out of its memory or in an endless loop. A trial run covers only the branches
that it takes.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from models.errors import BundleRefused

_ONE_INTEGER, _ONE_NUMBER = r"-?\d{1,10}", r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# A whole field in one match: a forest has tens of thousands of values.
_INTEGERS: Final = re.compile(rf"{_ONE_INTEGER}(?: {_ONE_INTEGER})*\Z", re.ASCII)
_NUMBERS: Final = re.compile(rf"{_ONE_NUMBER}(?: {_ONE_NUMBER})*\Z", re.ASCII)
_INTEGER: Final = re.compile(rf"{_ONE_INTEGER}\Z", re.ASCII)
_NUMBER: Final = re.compile(rf"{_ONE_NUMBER}\Z", re.ASCII)
_OBJECTIVE: Final = "binary sigmoid:1"
_HEAD: Final = frozenset(
    (
        *("tree", "version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx"),
        *("objective", "feature_names", "feature_infos", "tree_sizes"),
    )
)
_TAIL: Final = re.compile(r"end of trees\n\nfeature_importances:\n([^\n=]+=\d+\n)*\n*(pandas_categorical:null\n)?\Z")
_PER_SPLIT: Final = (
    *("split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"),
    *("internal_value", "internal_weight", "internal_count"),
)
_PER_LEAF: Final = ("leaf_value", "leaf_weight", "leaf_count")
_PER_TREE: Final = ("Tree", "num_leaves", "num_cat", "is_linear", "shrinkage")
_TREE: Final = frozenset(_PER_SPLIT + _PER_LEAF + _PER_TREE)
# LightGBM terminates the process if one of these is not a number.
_FINITE: Final = ("leaf_value", "leaf_weight", "split_gain", "internal_value", "internal_weight", "shrinkage")
# These weigh the parts of a score, so none may be zero.
_COUNTS: Final = ("leaf_count", "internal_count")
# Bits 2 and 3 are the missing type, where 2 is NaN (LightGBM, tree.h). Bit 0 marks a categorical split, bit 1 one that
# sends missing values to the left.
_CATEGORIES, _MISSING_LEFT, _MISSING, _MISSING_NAN = 1, 0b10, 0b1100, 0b1000


def check_trees(text: str) -> None:
    """Refuse a text unless each tree is valid: every node reached once, every split on a column, every leaf finite.

    Raises BundleRefused (a tree is invalid; the sentence names it).
    """
    try:
        head, sizes = _parse_head(text)
        at = len(head) + 2
        columns = _parse_integer(_parse_fields(head)["max_feature_idx"]) + 1
    except (KeyError, ValueError):
        raise BundleRefused("The forest cannot be read: its head is damaged.") from None
    for number, size in enumerate(sizes):
        block = text[at : at + size]
        at += size
        try:
            fields = _parse_fields(block)
            if size < 1 or not block.startswith(f"Tree={number}\n"):
                raise ValueError
            _check_tree(fields, columns)
        except (KeyError, ValueError):
            raise BundleRefused("The forest cannot be read: tree {n} is damaged.", n=number) from None
    if not _TAIL.match(text, at):
        raise BundleRefused("The forest cannot be read: it does not end after its last tree.")


@dataclass(frozen=True, slots=True)
class Tree:
    """The splits of a tree, the first of them its root, and its leaves.

    A child below zero is a leaf, -1 the first. `missing_left` is the side that a missing value takes. `counts` and
    `leaf_counts` are the rows of training that reached a split or a leaf.
    """

    columns: tuple[int, ...]
    thresholds: tuple[float, ...]
    missing_left: tuple[bool, ...]
    left_child: tuple[int, ...]
    right_child: tuple[int, ...]
    leaves: tuple[float, ...]
    counts: tuple[int, ...] = ()
    leaf_counts: tuple[int, ...] = (1,)

    @property
    def root(self) -> int:
        """The first node: a leaf where the tree has no split."""
        return 0 if self.columns else -1


def trees_of(text: str) -> Iterator[Tree]:
    """The trees of a text that `check_trees` let pass, in order."""
    head, sizes = _parse_head(text)
    at = len(head) + 2
    for size in sizes:
        fields = _parse_fields(text[at : at + size])
        at += size
        yield Tree(
            tuple(map(int, _split_values(fields["split_feature"]))),
            tuple(map(float, _split_values(fields["threshold"]))),
            tuple(bool(int(kind) & _MISSING_LEFT) for kind in _split_values(fields["decision_type"])),
            tuple(map(int, _split_values(fields["left_child"]))),
            tuple(map(int, _split_values(fields["right_child"]))),
            tuple(map(float, _split_values(fields["leaf_value"]))),
            tuple(map(int, _split_values(fields["internal_count"]))),
            tuple(map(int, _split_values(fields.get("leaf_count", "")))) or (1,),
        )


def _parse_head(text: str) -> tuple[str, list[int]]:
    head, blank, _ = text.partition("\n\n")
    fields = _parse_fields(head)
    # The sizes are in bytes, and LightGBM locates each tree by them.
    if not blank or not text.isascii() or fields.keys() != _HEAD:
        raise ValueError
    if (fields["num_class"], fields["num_tree_per_iteration"], fields["objective"]) != ("1", "1", _OBJECTIVE):
        raise ValueError
    columns = _parse_integer(fields["max_feature_idx"]) + 1
    if any(len(_split_values(fields[name])) != columns for name in ("feature_names", "feature_infos")):
        raise ValueError
    return head, [_parse_integer(size) for size in fields["tree_sizes"].split(" ")]


def _parse_fields(block: str) -> dict[str, str]:
    lines = [line.partition("=") for line in block.split("\n") if line]
    by_name = {name: content for name, _, content in lines}
    if len(by_name) != len(lines):
        raise ValueError
    return by_name


def _check_tree(fields: Mapping[str, str], columns: int) -> None:
    leaves = _parse_integer(fields["num_leaves"])
    splits = leaves - 1
    if leaves < 1 or not fields.keys() <= _TREE or (fields["num_cat"], fields["is_linear"]) != ("0", "0"):
        raise ValueError
    # A tree without splits has one leaf; only the leaf's value is written.
    for names, many in ((_PER_SPLIT, splits), (_PER_LEAF if splits else ("leaf_value",), leaves)):
        if any(_value_count(fields[name]) != many for name in names):
            raise ValueError
    children = sorted(node for name in ("left_child", "right_child") for node in _parse_integers(fields[name]))
    if splits and children != [*range(-leaves, 0), *range(1, splits)]:
        raise ValueError
    if any(not 0 <= column < columns for column in _parse_integers(fields["split_feature"])):
        raise ValueError
    if not all(_are_finite(fields.get(name, "")) for name in _FINITE) or not fields["shrinkage"]:
        raise ValueError
    if any(count < 1 for name in _COUNTS for count in _parse_integers(fields.get(name, ""))):
        raise ValueError
    kinds = _parse_integers(fields["decision_type"])
    if any(kind & _CATEGORIES or kind & _MISSING != _MISSING_NAN for kind in kinds):
        raise ValueError
    # A split that only tells missing from known has an infinite threshold.
    if not all(_NUMBER.match(number) or number in {"inf", "-inf"} for number in _split_values(fields["threshold"])):
        raise ValueError


def _split_values(line: str) -> list[str]:
    return line.split(" ") if line else []


def _value_count(line: str) -> int:
    return line.count(" ") + 1 if line else 0


def _are_finite(field: str) -> bool:
    if not field:
        return True
    return _NUMBERS.match(field) is not None and all(map(math.isfinite, map(float, field.split(" "))))


def _parse_integers(field: str) -> list[int]:
    if field and not _INTEGERS.match(field):
        raise ValueError
    return list(map(int, _split_values(field)))


def _parse_integer(digits: str) -> int:
    if not _INTEGER.match(digits):
        raise ValueError
    return int(digits)
