"""The reason for each number of a policy: the comment above it in the policy's source."""

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
    """A setting of a policy: its value in force, its default, its reason, and whether the two values differ."""

    name: str
    value: str
    usual: str
    why: str

    @property
    def is_changed(self) -> bool:
        """Whether the operator chose another value than the default."""
        return self.value != self.usual


def numbers(policy: Any, usual: Any) -> tuple[Number, ...]:
    """The settings of a policy with their defaults, in the order of its source."""
    why = reasons(type(policy))
    return tuple(
        Number(
            field.name, shown(getattr(policy, field.name)), shown(getattr(usual, field.name)), why.get(field.name, "")
        )
        for field in dataclasses.fields(policy)
    )


def reasons(kind: type[Any]) -> Mapping[str, str]:
    """The comment above each setting or on its line; empty where there is none or the source is not available."""
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
