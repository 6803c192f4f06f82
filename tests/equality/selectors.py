"""The selectors of the table of pages, applied to a page's source: `main table tbody a`, `a[href^='/models']`."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_STEP: Final = re.compile(r"(?P<tag>[a-z0-9]*)(?:\[(?P<name>[\w-]+)(?:(?P<how>[\^*]?=)'(?P<value>[^']*)')?\])?")
_LINKS: Final = ("href", "src", "hx-get")


@dataclass(frozen=True, slots=True)
class Element:
    """A start tag."""

    tag: str
    attributes: dict[str, str]


class _Elements(HTMLParser):
    """Every element with its ancestors, in the order of the document."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.found: list[tuple[Element, tuple[Element, ...]]] = []
        self._open: list[Element] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        one = Element(tag, {name: value or "" for name, value in attrs})
        self.found.append((one, tuple(self._open)))
        if tag not in _VOID:
            self._open.append(one)

    def handle_endtag(self, tag: str) -> None:
        tags = [one.tag for one in self._open]
        if tag in tags:
            del self._open[len(tags) - 1 - tags[::-1].index(tag) :]


def first(source: str, selector: str) -> Element | None:
    """The first element that matches a descendant selector."""
    *around, last = [_step(part) for part in selector.split()]
    for element, ancestors in _Elements(source).found:
        if _fits(element, last) and _lie_in_order(around, ancestors):
            return element
    return None


def addresses(source: str) -> Iterator[str]:
    """All addresses on a page that are loaded or linked, in the order of the document."""
    for element, _ in _Elements(source).found:
        yield from (element.attributes[name] for name in _LINKS if name in element.attributes)


def _step(part: str) -> re.Match[str]:
    found = _STEP.fullmatch(part)
    if found is None:
        raise ValueError(f"This selector is not supported: {part}")
    return found


def _fits(element: Element, step: re.Match[str]) -> bool:
    if step["tag"] and element.tag != step["tag"]:
        return False
    if not step["name"]:
        return True
    given = element.attributes.get(step["name"])
    match given, step["how"]:
        case None, _:
            return False
        case _, None:
            return True
        case str(), "^=":
            return given.startswith(step["value"])
        case str(), "*=":
            return step["value"] in given
        case _:
            return given == step["value"]


def _lie_in_order(steps: Sequence[re.Match[str]], ancestors: Sequence[Element]) -> bool:
    rest = iter(ancestors)
    return all(any(_fits(one, step) for one in rest) for step in steps)
