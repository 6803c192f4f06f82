"""Templates filled with values, each written as the language writes it."""

from collections.abc import Callable, Iterator, Mapping
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


def without_forms(template: str) -> str:
    """The template as translators see it: `{share}` for `{share:.0%}`."""
    return "".join(text + (f"{{{name}}}" if name else "") for text, name, _, _ in Formatter().parse(template))
