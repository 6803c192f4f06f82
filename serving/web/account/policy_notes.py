"""Why each number of a policy is what it is: the comment that stands above it in the policy's own source."""

import ast
import dataclasses
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

_COMMENT: Final = re.compile(r"^\s*#\s?(.*)$")


@dataclass(frozen=True, slots=True)
class Number:
    """One setting of a policy: its value in force, the one that it has by itself, why, and whether they differ."""

    name: str
    value: str
    usual: str
    why: str

    @property
    def is_changed(self) -> bool:
        """Whether an operator chose another value."""
        return self.value != self.usual


def numbers(policy: Any, usual: Any) -> tuple[Number, ...]:
    """The settings of a policy beside those that it has by itself, in the order of its source."""
    why = reasons(type(policy))
    return tuple(
        Number(
            field.name, shown(getattr(policy, field.name)), shown(getattr(usual, field.name)), why.get(field.name, "")
        )
        for field in dataclasses.fields(policy)
    )


def reasons(kind: type[Any]) -> Mapping[str, str]:
    """By setting: the comment above it or on its line; nothing where there is none, or no source is at hand."""
    try:
        source = inspect.getsource(kind)
    except OSError:
        return {}
    lines = source.splitlines()
    return {name: reason for name, line in _fields(source) if (reason := _reason(lines, line))}


def _fields(source: str) -> Iterator[tuple[str, int]]:
    """Each annotated name of a class with the index of its line."""
    for node in ast.parse(source).body[0].body:  # type: ignore[attr-defined]  # the source of a class is a class
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.lineno - 1


def _reason(lines: list[str], at: int) -> str:
    above: list[str] = []
    for line in reversed(lines[:at]):
        found = _COMMENT.match(line)
        if found is None:
            break
        above.insert(0, found[1])
    beside = lines[at].partition("  # ")[2]
    return " ".join([*above, beside]).strip()


def shown(value: Any) -> str:
    """A value as an operator would write it."""
    if isinstance(value, tuple | list | set | frozenset):
        return (
            ", ".join(sorted(map(shown, value)) if isinstance(value, set | frozenset) else map(shown, value)) or "none"
        )
    if isinstance(value, dict) or hasattr(value, "items"):
        return ", ".join(f"{key}: {shown(one)}" for key, one in value.items()) or "none"
    return "none" if value is None else str(getattr(value, "value", value))
