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
        self.elements: list[tuple[Element, tuple[Element, ...]]] = []
        self._open: list[Element] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: text or "" for name, text in attrs})
        self.elements.append((element, tuple(self._open)))
        if tag not in _VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        tags = [element.tag for element in self._open]
        if tag in tags:
            del self._open[len(tags) - 1 - tags[::-1].index(tag) :]


def first(source: str, selector: str) -> Element | None:
    """The first element that matches a descendant selector."""
    *around, last = [_step(part) for part in selector.split()]
    for element, ancestors in _Elements(source).elements:
        if _fits(element, last) and _lie_in_order(around, ancestors):
            return element
    return None


def addresses(source: str) -> Iterator[str]:
    """All addresses on a page that are loaded or linked, in the order of the document."""
    for element, _ in _Elements(source).elements:
        yield from (element.attributes[name] for name in _LINKS if name in element.attributes)


def _step(part: str) -> re.Match[str]:
    step = _STEP.fullmatch(part)
    if step is None:
        raise ValueError(f"This selector is not supported: {part}")
    return step


def _fits(element: Element, step: re.Match[str]) -> bool:
    if step["tag"] and element.tag != step["tag"]:
        return False
    if not step["name"]:
        return True
    attribute = element.attributes.get(step["name"])
    match attribute, step["how"]:
        case None, _:
            return False
        case _, None:
            return True
        case str(), "^=":
            return attribute.startswith(step["value"])
        case str(), "*=":
            return step["value"] in attribute
        case _:
            return attribute == step["value"]


def _lie_in_order(steps: Sequence[re.Match[str]], ancestors: Sequence[Element]) -> bool:
    rest = iter(ancestors)
    return all(any(_fits(ancestor, step) for ancestor in rest) for step in steps)
