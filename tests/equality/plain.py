"""Any value as text that is the same in every process, independent of addresses, hashes and modules."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Any


def plain(value: Any) -> str:
    """The value on one line, with classes by name only."""
    match value:
        case Enum():
            found = f"{type(value).__name__}.{value.name}={value.value!r}"
        case re.Pattern():
            found = f"re({value.pattern!r}, {value.flags})"
        case str() | bytes():
            found = repr(value)
        case Mapping():
            found = "{" + ", ".join(f"{plain(key)}: {plain(one)}" for key, one in value.items()) + "}"
        case Set():
            found = "{" + ", ".join(sorted(map(plain, value))) + "}"
        case Sequence():
            found = "[" + ", ".join(map(plain, value)) + "]"
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            found = f"{type(value).__name__}({', '.join(fields(value))})"
        case _ if callable(value):
            found = str(getattr(value, "__name__", type(value).__name__))
        case _:
            found = repr(value)
    return found


def fields(value: Any) -> Iterator[str]:
    """The fields of a dataclass as text."""
    for one in dataclasses.fields(value):
        yield f"{one.name}={plain(getattr(value, one.name))}"
