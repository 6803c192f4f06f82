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
            text = f"{type(value).__name__}.{value.name}={value.value!r}"
        case re.Pattern():
            text = f"re({value.pattern!r}, {value.flags})"
        case str() | bytes():
            text = repr(value)
        case Mapping():
            text = "{" + ", ".join(f"{plain(key)}: {plain(child)}" for key, child in value.items()) + "}"
        case Set():
            text = "{" + ", ".join(sorted(map(plain, value))) + "}"
        case Sequence():
            text = "[" + ", ".join(map(plain, value)) + "]"
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            text = f"{type(value).__name__}({', '.join(fields(value))})"
        case _ if callable(value):
            text = str(getattr(value, "__name__", type(value).__name__))
        case _:
            text = repr(value)
    return text


def fields(value: Any) -> Iterator[str]:
    """The fields of a dataclass as text."""
    for field in dataclasses.fields(value):
        yield f"{field.name}={plain(getattr(value, field.name))}"
