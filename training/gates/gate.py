"""One gate: its figure, its bound, and whether it stops a candidate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

# Of many candidates one is lucky at this gate, so its comparisons are counted.
INCUMBENTS: Final = "incumbents"


class State(StrEnum):
    """The result of a gate. A gate that cannot be judged is neither passed nor failed, and is always reported."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"


@dataclass(frozen=True, slots=True)
class Gate:
    """One condition with its result.

    `figure` and `bound` are None where there is nothing to compare. `blocks` is whether the candidate may score only if
    somebody overrides the gate. It is true for every failed gate; each gate decides whether it blocks when it cannot be
    judged. `parts` are the gates that it consists of, such as one for each slice.
    """

    name: str
    state: State
    figure: float | None
    bound: float | None
    sentence: str
    blocks: bool
    parts: tuple["Gate", ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether the gate was judged and holds."""
        return self.state is State.PASSED

    def as_json(self) -> dict[str, Any]:
        """The stored form for reports."""
        return {
            "name": self.name,
            "state": self.state.value,
            "passed": self.passed,
            "blocks": self.blocks,
            "figure": self.figure,
            "bound": self.bound,
            "sentence": self.sentence,
            "parts": [part.as_json() for part in self.parts],
        }


def judged_gate(name: str, holds: bool, figure: float, bound: float, sentence: str) -> Gate:
    """A gate that could be judged; it blocks if it does not hold."""
    return Gate(name, State.PASSED if holds else State.FAILED, figure, bound, sentence, blocks=not holds)


def unjudged_gate(
    name: str, sentence: str, *, blocks: bool, figure: float | None = None, bound: float | None = None
) -> Gate:
    """A gate without enough data to judge it."""
    return Gate(name, State.NOT_JUDGED, figure, bound, sentence, blocks=blocks)


def combined_gate(name: str, parts: Sequence[Gate], *, sentence: str, nothing: str) -> Gate:
    """A gate that holds if no part fails; its figure and bound are those of the first part that fails.

    If no part could be judged, the gate is not judged, and its sentence is `nothing`.
    """
    failed = [part for part in parts if part.state is State.FAILED]
    if failed:
        names = ", ".join(part.name for part in failed)
        first = failed[0]
        return Gate(name, State.FAILED, first.figure, first.bound, f"{names}: {first.sentence}", True, tuple(parts))
    if not any(part.state is State.PASSED for part in parts):
        return Gate(name, State.NOT_JUDGED, None, None, nothing, False, tuple(parts))
    return Gate(name, State.PASSED, None, None, sentence, False, tuple(parts))


def blocking_gates(gates: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Name, figure and bound of each blocking gate of a report, or of its blocking parts if it has any.

    Older reports, from before gates had three states, hold only whether each gate passed.
    """
    for gate in gates:
        if not gate.get("blocks", not gate["passed"]):
            continue
        parts = [part for part in gate.get("parts", ()) if part["blocks"]]
        name = gate["name"].replace("_", " ")
        for part in parts or [gate]:
            full = f"{name}: {part['name']}" if parts else name
            yield {"name": full, "figure": part.get("figure"), "bound": part.get("bound")}


def was_compared(report: Mapping[str, Any], champion: str | None) -> bool:
    """Whether a report compares its candidate, on enough counterfeits, with this champion; None is no champion."""
    states = {gate["name"]: gate.get("state") for gate in report["gates"]}
    judged = states.get(INCUMBENTS) in {State.PASSED, State.FAILED} and states.get("enough_to_judge") == State.PASSED
    return judged and (report.get("reference") or {}).get("digest") == champion
