"""Any value as text that is the same in every process: nothing of it depends on an address, a hash or a module."""

import dataclasses
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from enum import Enum
from typing import Any

import numpy as np


def plain(value: Any) -> str:
    """The value on one line, its classes by their names alone."""
    match value:
        case Enum():
            return f"{type(value).__name__}.{value.name}={value.value!r}"
        case type():
            return value.__name__
        case re.Pattern():
            return f"re({value.pattern!r}, {value.flags})"
        case np.ndarray():
            digest = hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
            return f"array({value.dtype}, {value.shape}, {digest})"
        case str() | bytes():
            return repr(value)
        case Mapping():
            return "{" + ", ".join(f"{plain(key)}: {plain(one)}" for key, one in value.items()) + "}"
        case Set():
            return "{" + ", ".join(sorted(map(plain, value))) + "}"
        case Sequence():
            return "[" + ", ".join(map(plain, value)) + "]"
        case _ if dataclasses.is_dataclass(value):
            return f"{type(value).__name__}({', '.join(fields(value))})"
        case _ if callable(value):
            return str(getattr(value, "__name__", type(value).__name__))
        case _:
            return repr(value)


def fields(value: Any) -> Iterator[str]:
    """A dataclass field by field."""
    for one in dataclasses.fields(value):
        yield f"{one.name}={plain(getattr(value, one.name))}"
