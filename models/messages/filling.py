"""Templates filled with values, each written as the language writes it."""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Any


def fill(
    template: str,
    values: Mapping[str, Any],
    write: Callable[[Any, str], str],
    hows: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The template with `write(value, how)` in each place `{name:how}`; `hows` says it for a translation's `{name}`."""
    return "".join(
        text + (write(values[name], how or hows.get(name, "")) if name else "")
        for text, name, how, _ in Formatter().parse(template)
    )


def places(template: str) -> Iterator[tuple[str, str]]:
    """The name of each place, and how its value is written."""
    for _, name, how, _ in Formatter().parse(template):
        if name:
            yield name, how or ""


@cache
def without_forms(template: str) -> str:
    """The text by which catalogues of other languages know a template.

    >>> without_forms("In {{braces}}: {n:,} of {most!r}.")
    'In {{braces}}: {n} of {most}.'
    """
    return "".join(
        literal.replace("{", "{{").replace("}", "}}") + ("" if name is None else f"{{{name}}}")
        for literal, name, _, _ in Formatter().parse(template)
    )


def percent_digits(share: float) -> int:
    """How many digits after the point write a share in hundredths as it is: none for .9, one for .005."""
    exponent = (Decimal(str(share)) * 100).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
