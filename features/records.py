"""Frozen dataclasses that are made in half the time, for the objects that every listing needs."""

from dataclasses import MISSING, fields
from typing import Any, Final, TypeVar

T = TypeVar("T")
_PUT: Final = object.__setattr__


def quickly_made(cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, with a constructor that takes half the time.

    The usual constructor of a frozen class calls a function for every field. This one gives the new object a class with
    the same slots that is not frozen, stores the fields, and gives it its own class back. Nobody else sees it before.

    >>> from dataclasses import dataclass
    >>> @quickly_made
    ... @dataclass(frozen=True, slots=True)
    ... class Point:
    ...     x: int
    ...     y: int = 0
    >>> Point(1), Point(1, y=2) == Point(1, 2)
    (Point(x=1, y=0), True)
    >>> Point(1).x = 2
    Traceback (most recent call last):
    dataclasses.FrozenInstanceError: cannot assign to field 'x'
    """
    found = fields(cls)  # type: ignore[arg-type]  # every class that is given is a dataclass
    if any(not one.init or one.default_factory is not MISSING for one in found):
        raise TypeError("a field that is not given to the constructor, or is made by it")
    unfrozen = type(cls.__name__, (), {"__slots__": [one.name for one in found]})
    known: dict[str, Any] = {"put": _PUT, "unfrozen": unfrozen, "cls": cls}
    known |= {f"default_{one.name}": one.default for one in found}
    given = [one.name if one.default is MISSING else f"{one.name}=default_{one.name}" for one in found]
    if found[0].kw_only:
        given.insert(0, "*")
    lines = [f"    self.{one.name} = {one.name}" for one in found]
    code = [f"def __init__(self, {', '.join(given)}):", "    put(self, '__class__', unfrozen)", *lines]
    exec("\n".join([*code, "    self.__class__ = cls"]), known)  # noqa: S102  # as dataclasses make theirs
    known["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]  # of the same parameters
    return cls
