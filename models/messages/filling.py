"""Fills templates with values in the format of a language."""

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
    """The template with `write(value, how)` for each `{name:how}`; `hows` gives the format of a bare `{name}`."""
    return "".join(
        text + (write(values[name], how or hows.get(name, "")) if name else "")
        for text, name, how, _ in Formatter().parse(template)
    )


def places(template: str) -> Iterator[tuple[str, str]]:
    """The name and the format of each placeholder."""
    for _, name, how, _ in Formatter().parse(template):
        if name:
            yield name, how or ""


@cache
def without_forms(template: str) -> str:
    """The template without formats, which is its key in the catalogues of other languages.

    >>> without_forms("In {{braces}}: {n:,} of {most!r}.")
    'In {{braces}}: {n} of {most}.'
    """
    return "".join(
        literal.replace("{", "{{").replace("}", "}}") + ("" if name is None else f"{{{name}}}")
        for literal, name, _, _ in Formatter().parse(template)
    )


def percent_digits(share: float) -> int:
    """The decimal places that a share needs as a percentage: 0 for .9, 1 for .005."""
    exponent = (Decimal(str(share)) * 100).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
