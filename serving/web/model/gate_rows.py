"""The gates of a model's report in words: one line each, with what it consists of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from serving.web.wording import words

_WHOLE: Final = ".000"
_GATES: Final = {
    "enough_to_judge": "Enough data to evaluate",
    "random_slice": "Improvement on the random audit sample",
    "calibration": "Calibration",
    "slices": "Slices",
    "obfuscation": "Adversarial rewrites",
    "upheld_appeals": "Upheld appeals",
    "golden_set": "Gold items",
}


@dataclass(frozen=True, slots=True)
class GateRow:
    """A gate in words; `state` is passed, failed or not_judged, and `parts` are its components.

    `alike` are the names of further components about which exactly the same is said.
    """

    name: str
    state: str
    blocks: bool
    figure: str
    bound: str
    sentence: str
    parts: tuple["GateRow", ...]
    alike: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        return sum(1 + len(part.alike) for part in self.parts)

    @property
    def line(self) -> str:
        """What decides it, short enough for its line: the number of failed components, or the figure and its bound."""
        if self.parts:
            failed = sum(1 + len(part.alike) for part in self.parts if part.state == "failed")
            return f"{failed} of {self.number} fail" if failed else words.many(self.number, "part")
        if self.figure == "none":
            return ""
        figures = (self.figure, self.bound)
        if all(one.endswith(_WHOLE) for one in figures):  # Counts.
            figures = (self.figure.removesuffix(_WHOLE), self.bound.removesuffix(_WHOLE))
        return f"{figures[0]}, bound {figures[1]}"


def gate_rows(found: Sequence[Mapping[str, Any]]) -> tuple[GateRow, ...]:
    """Failed gates first, then those that were not judged."""
    rows = [
        GateRow(
            _GATES.get(gate["name"], sentence_case(gate["name"])),
            gate.get("state", "passed" if gate["passed"] else "failed"),
            gate.get("blocks", not gate["passed"]),
            words.figure(gate.get("figure")),
            words.figure(gate.get("bound")),
            gate["sentence"],
            _merged(gate_rows(gate.get("parts", ()))),
        )
        for gate in found
    ]
    return tuple(sorted(rows, key=lambda row: (not row.blocks, row.state == "passed")))


def _merged(rows: Sequence[GateRow]) -> tuple[GateRow, ...]:
    """The rows in their order, those that differ only in their name as one."""
    found: dict[GateRow, GateRow] = {}
    for row in rows:
        same = replace(row, name="")
        first = found.get(same)
        found[same] = row if first is None else replace(first, alike=(*first.alike, row.name))
    return tuple(found.values())


def sentence_case(name: str) -> str:
    """A name with an initial capital; the rest, perhaps a brand's name, is unchanged."""
    words_apart = name.replace("_", " ")
    return words_apart[:1].upper() + words_apart[1:]
