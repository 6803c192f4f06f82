"""Frozen dataclasses that are made in half the time, for the objects that every listing needs."""

from dataclasses import MISSING, fields
from typing import Any, Final, TypeVar

T = TypeVar("T")
_SET_ATTRIBUTE: Final = object.__setattr__


def with_fast_init(cls: type[T]) -> type[T]:
    """A frozen dataclass with slots, with a constructor that takes half the time.

    The usual constructor of a frozen class calls a function for every field. This one gives the new object a class with
    the same slots that is not frozen, stores the fields, and gives it its own class back. Nobody else sees it before.

    >>> from dataclasses import dataclass
    >>> @with_fast_init
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
    class_fields = fields(cls)  # type: ignore[arg-type]  # every class that is given is a dataclass
    if any(not field.init or field.default_factory is not MISSING for field in class_fields):
        raise TypeError("a field that is not given to the constructor, or is made by it")
    unfrozen = type(cls.__name__, (), {"__slots__": [field.name for field in class_fields]})
    known: dict[str, Any] = {"put": _SET_ATTRIBUTE, "unfrozen": unfrozen, "cls": cls}
    known |= {f"default_{field.name}": field.default for field in class_fields}
    parameters = [
        field.name if field.default is MISSING else f"{field.name}=default_{field.name}" for field in class_fields
    ]
    if class_fields[0].kw_only:
        parameters.insert(0, "*")
    lines = [f"    self.{field.name} = {field.name}" for field in class_fields]
    code = [f"def __init__(self, {', '.join(parameters)}):", "    put(self, '__class__', unfrozen)", *lines]
    exec("\n".join([*code, "    self.__class__ = cls"]), known)  # noqa: S102  # as dataclasses make theirs
    known["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]  # of the same parameters
    return cls
