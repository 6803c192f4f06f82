"""The changes between two versions of a listing, by field, as kept, removed and added parts."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from serving.web import text_view
from serving.web.text_view import ShownText

_FIELDS: Final = {
    "title": "Title", "description": "Description", "price": "Price", "list_price": "Claimed price",
    "currency": "Currency", "brand": "Brand", "product_type": "Category", "condition": "Condition", "gtin": "GTIN",
    "mpn": "Part number", "link": "Address", "language": "Language", "ship_from": "Ships from",
}  # fmt: skip
_TEXTS: Final = frozenset({"title", "description"})
# Comparing words grows with the square of their number; longer texts are only reported as rewritten.
_MOST_WORDS: Final = 600
_CONTEXT: Final = 6  # Words kept around a change.
_TOKEN: Final = re.compile(r"\s+|\S+")


class Turn(StrEnum):
    """What happened to a part."""

    KEPT = "kept"
    OUT = "out"
    IN = "in"


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a field and what happened to it."""

    turn: Turn
    text: ShownText


@dataclass(frozen=True, slots=True)
class Change:
    field: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two versions of a listing side by side: their numbers and times, the changes, and the list of all versions."""

    old: int
    new: int
    old_at: datetime
    new_at: datetime
    changes: tuple[Change, ...]
    numbers: tuple[int, ...]


def requested_versions(query_params: Mapping[str, str]) -> tuple[int, int] | None:
    """The two versions that an address compares."""
    numbers = [query_params.get(name, "") for name in ("from", "to")]
    if not all(number.isascii() and number.isdigit() and len(number) <= 6 for number in numbers):
        return None
    return int(numbers[0]), int(numbers[1])


def comparison(history: Sequence[Mapping[str, Any]], at: int, versions: tuple[int, int] | None) -> Comparison | None:
    """The requested versions, else the one at an index with the one before; None if there is only one.

    A request that is not two versions, the older first, is ignored.
    """
    if len(history) < 2:
        return None
    by_number = {row["number"]: row for row in history}
    old, new = history[max(0, at - 1)]["number"], history[max(1, at)]["number"]
    if versions is not None and versions[0] in by_number and versions[1] in by_number and versions[0] < versions[1]:
        old, new = versions
    before, after = by_number[old], by_number[new]
    return Comparison(old, new, before["known_at"], after["known_at"], changes(before, after), tuple(by_number))


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes from one stored version row to the next; pictures are only counted."""
    old, new = before["content"], after["content"]
    differences = [
        Change(label, tuple(_changed_parts(field, old.get(field), new.get(field))))
        for field, label in _FIELDS.items()
        if old.get(field) != new.get(field)
    ]
    if old.get("image_link") != new.get("image_link"):
        differences.append(Change("Pictures", (Part(Turn.KEPT, text_view.show(_picture_changes(old, new))),)))
    if before["seller_external_id"] != after["seller_external_id"]:
        differences.append(
            Change("Seller", tuple(_whole_parts(before["seller_external_id"], after["seller_external_id"])))
        )
    return tuple(differences)


def _changed_parts(field: str, old: str | None, new: str | None) -> Iterator[Part]:
    if field not in _TEXTS or old is None or new is None:
        return _whole_parts(old, new)
    token_lists = [_TOKEN.findall(text) for text in (old, new)]
    if max(map(len, token_lists)) > _MOST_WORDS:
        counts = [len(text.split()) for text in (old, new)]
        return iter(
            [Part(Turn.KEPT, text_view.show(f"Rewritten: {counts[0]:,} words before, {counts[1]:,} words after"))]
        )
    return _word_parts(token_lists[0], token_lists[1])


def _whole_parts(old: Any, new: Any) -> Iterator[Part]:
    for turn, field_value in ((Turn.OUT, old), (Turn.IN, new)):
        if field_value is not None:
            yield Part(turn, text_view.show(str(field_value)))


def _word_parts(old: Sequence[str], new: Sequence[str]) -> Iterator[Part]:
    steps = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    for number, (tag, a, b, c, d) in enumerate(steps):
        if tag == "equal":
            yield Part(Turn.KEPT, text_view.show(_shorten(old[a:b], number > 0, number < len(steps) - 1)))
            continue
        if b > a:
            yield Part(Turn.OUT, text_view.show("".join(old[a:b])))
        if d > c:
            yield Part(Turn.IN, text_view.show("".join(new[c:d])))


def _shorten(words: Sequence[str], change_before: bool, change_after: bool) -> str:
    """The words beside the changes; words further away are left out."""
    if len(words) <= 4 * _CONTEXT:
        return "".join(words)
    head = "".join(words[: 2 * _CONTEXT]) if change_before else ""
    tail = "".join(words[-2 * _CONTEXT :]) if change_after else ""
    return f"{head} … {tail}"


def _picture_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    gone, come = (set(version.get("image_link") or ()) for version in (old, new))
    return f"{len(gone - come)} removed, {len(come - gone)} added, {len(gone & come)} kept"
