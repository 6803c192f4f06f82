"""Diagrams as Mermaid text and as SVG that is readable on a light and on a dark page."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import pairwise
from math import dist
from typing import Final

Point = tuple[float, float]
Pair = tuple[str, str]

_CELL: Final = (176.0, 96.0)
_MARGIN: Final = 62.0
_HEIGHT: Final = 38.0
_CHARACTER: Final = 7.6
_LINE: Final = 16.0
_APART: Final = 8.0
_ARROW: Final = 'viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="7" markerHeight="7" orient="auto"'
_STYLE: Final = (
    "svg{--bg:#ffffff;--box:#f3f5f7;--rim:#7d8590;--ink:#1f2328;--line:#57606a;"
    "font:13px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--bg:#151b23;--box:#212830;--rim:#8b949e;--ink:#f0f6fc;--line:#a5b0bc}}"
    ".page{fill:var(--bg)}.box{fill:var(--box);stroke:var(--rim)}.apart{stroke-dasharray:4 3}"
    ".edge{fill:none;stroke:var(--line);stroke-width:1.3}.other{stroke-dasharray:5 4}.tip{fill:var(--line)}"
    "text{fill:var(--ink);text-anchor:middle}"
    ".says{font-size:11.5px;stroke:var(--bg);stroke-width:4px;paint-order:stroke;stroke-linejoin:round}"
)


@dataclass(frozen=True, slots=True)
class Route:
    """How an edge is drawn: through points of the grid in place of a straight line, and where its label is."""

    via: tuple[Point, ...] = ()
    label_at: Point | None = None


@dataclass(frozen=True, slots=True)
class Diagram:
    """Nodes with the text in them, labelled edges, and where the nodes are drawn: column and row of a grid.

    `others` are edges off the main path, drawn as broken lines. `starts` are the nodes that a state machine starts in;
    a chart of a flow has none.
    """

    title: str
    nodes: Mapping[str, str]
    edges: Mapping[Pair, str]
    places: Mapping[str, Point]
    starts: tuple[str, ...] = ()
    others: frozenset[Pair] = frozenset()
    routes: Mapping[Pair, Route] = field(default_factory=dict)

    @property
    def description(self) -> str:
        """Every edge in words, for readers who do not see the picture."""
        sentences = []
        for (start, end), label in self.edges.items():
            named = f" ({label})" if label else ""
            sentences.append(f"{self.nodes[start]} to {self.nodes[end]}{named}")
        return "; ".join(sentences).replace("\n", " ") + "."


def mermaid(diagram: Diagram) -> str:
    """The diagram as Mermaid text: a state diagram where it has starts, else a flowchart."""
    return "\n".join(_states(diagram) if diagram.starts else _flow(diagram))


def _states(diagram: Diagram) -> Iterator[str]:
    yield "stateDiagram-v2"
    yield "    direction LR"
    yield from (f"    [*] --> {name}" for name in diagram.starts)
    yield from (f"    {start} --> {end}: {label}" for (start, end), label in diagram.edges.items())
    yield from (f"    {name}" for name in _alone(diagram))


def _flow(diagram: Diagram) -> Iterator[str]:
    yield "flowchart LR"
    yield from (f"    {name}[{text.replace(chr(10), ' ')}]" for name, text in diagram.nodes.items())
    for (start, end), label in diagram.edges.items():
        arrow = "-.->" if (start, end) in diagram.others else "-->"
        yield f"    {start} {arrow}{f'|{label}|' if label else ''} {end}"


def _alone(diagram: Diagram) -> list[str]:
    """States that no event enters or leaves."""
    linked = {name for pair in diagram.edges for name in pair}
    return [name for name in diagram.nodes if name not in linked]


def svg(diagram: Diagram) -> str:
    """The diagram as an SVG file.

    Raises
    ------
    KeyError
        A node has no place: a new state needs one.
    """
    points = [diagram.places[name] for name in diagram.nodes] + [p for r in diagram.routes.values() for p in r.via]
    left_edge, top = min(x for x, _ in points), min(y for _, y in points)
    sheet = _Sheet(diagram, (left_edge, top))
    width, height = sheet.at((max(x for x, _ in points), max(y for _, y in points)))
    width, height = width + _MARGIN + 22, height + _MARGIN - 10
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(diagram.title)}</title>',
        f'<desc id="d">{escape(diagram.description)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<defs><marker id="tip" {_ARROW}><path class="tip" d="M0 0 8 4 0 8z"/></marker></defs>',
        f'<rect class="page" width="{width:.0f}" height="{height:.0f}" rx="8"/>',
        *sheet.starts(),
        *sheet.edges(),
        *sheet.boxes(),
        *sheet.labels(),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Sheet:
    """A diagram on its sheet, in pixels from the upper left corner."""

    def __init__(self, diagram: Diagram, origin: Point) -> None:
        self._diagram = diagram
        self._origin = origin
        self._labels: list[str] = []

    def at(self, place: Point) -> Point:
        """Pixels of a place of the grid."""
        (x, y), (left_edge, top) = place, self._origin
        return (x - left_edge) * _CELL[0] + _MARGIN + 22, (y - top) * _CELL[1] + _MARGIN

    def boxes(self) -> Iterator[str]:
        """Every node; one that no edge touches has a broken rim."""
        alone = _alone(self._diagram)
        for name, text in self._diagram.nodes.items():
            (x, y), (w, h) = self._centre(name), self._size(name)
            kind = "box apart" if name in alone else "box"
            lines = text.split("\n")
            tops = [y + 4.5 + _LINE * (number - (len(lines) - 1) / 2) for number in range(len(lines))]
            yield (
                f'<rect class="{kind}" x="{x - w / 2:.1f}" y="{y - h / 2:.1f}" width="{w:.1f}" height="{h:.1f}" '
                'rx="7"/>'
            ) + "".join(
                f'<text x="{x:.1f}" y="{top:.1f}">{escape(line)}</text>' for top, line in zip(tops, lines, strict=True)
            )

    def starts(self) -> Iterator[str]:
        """A dot with an arrow into each state that a machine starts in."""
        for name in self._diagram.starts:
            (x, y), (_, h) = self._centre(name), self._size(name)
            dot = y - h / 2 - 26
            yield f'<circle class="tip" cx="{x:.1f}" cy="{dot:.1f}" r="5"/>' + _path([(x, dot), (x, y - h / 2)], "edge")

    def edges(self) -> Iterator[str]:
        """Every edge; its label is drawn later, above all lines."""
        for pair, label in self._diagram.edges.items():
            kind = "edge other" if pair in self._diagram.others else "edge"
            route = self._diagram.routes.get(pair, Route())
            if pair[0] == pair[1]:
                yield self._loop(pair[0], label)
                continue
            points, label_at, anchor = self._line(pair, route)
            if route.label_at is not None:
                label_at, anchor = self.at(route.label_at), "middle"
            self._say(label, label_at, anchor)
            yield _path(points, kind)

    def labels(self) -> list[str]:
        """The labels of all edges."""
        return self._labels

    def _line(self, pair: Pair, route: Route) -> tuple[list[Point], Point, str]:
        """The points of an edge from border to border, where its label is, and the label's anchor."""
        start, end = pair
        inner = [self.at(place) for place in route.via]
        points = [self._centre(start), *inner, self._centre(end)]
        anchor, shift = "middle", (0.0, 0.0)
        if not inner and (end, start) in self._diagram.edges:
            (x1, y1), (x2, y2) = points
            length = dist(*points)
            nx, ny = (y2 - y1) / length, (x1 - x2) / length
            points = [(x + nx * _APART, y + ny * _APART) for x, y in points]
            anchor = "middle" if abs(nx) < 0.5 else "start" if nx > 0 else "end"
            shift = (nx * 7, ny * 10)
        if inner:
            points[0], points[-1] = self._beside(start, inner[0]), self._beside(end, inner[-1])
        points[0] = self._border(start, points[0], points[1])
        points[-1] = self._border(end, points[-1], points[-2])
        (x1, y1), (x2, y2) = max(pairwise(points), key=lambda leg: dist(*leg))
        return points, ((x1 + x2) / 2 + shift[0], (y1 + y2) / 2 + shift[1]), anchor

    def _loop(self, name: str, label: str) -> str:
        """An edge from a state to itself: above it, or below where the arrow of a start is above."""
        (x, y), (_, h) = self._centre(name), self._size(name)
        down = 1 if name in self._diagram.starts else -1
        border = y + down * h / 2
        self._say(label, (x, border + down * 31), "middle")
        bow = f"M{x - 14:.1f} {border:.1f}c-6 {down * 28} 34 {down * 28} 28 0"
        return f'<path class="edge" marker-end="url(#tip)" d="{bow}"/>'

    def _say(self, label: str, at: Point, anchor: str) -> None:
        if label:
            x, y = at
            placed = "" if anchor == "middle" else f' style="text-anchor:{anchor}"'
            self._labels.append(f'<text class="says" x="{x:.1f}" y="{y + 4:.1f}"{placed}>{escape(label)}</text>')

    def _centre(self, name: str) -> Point:
        return self.at(self._diagram.places[name])

    def _size(self, name: str) -> Point:
        lines = self._diagram.nodes[name].split("\n")
        return max(map(len, lines)) * _CHARACTER + 22, _HEIGHT + _LINE * (len(lines) - 1)

    def _beside(self, name: str, point: Point) -> Point:
        """The point of a box from which a line leaves straight towards a point beside it, else its centre."""
        (cx, cy), (w, h), (x, y) = self._centre(name), self._size(name), point
        return (x if abs(x - cx) < w / 2 - 4 else cx), (y if abs(y - cy) < h / 2 - 4 else cy)

    def _border(self, name: str, inside: Point, outside: Point) -> Point:
        """Where the line from a point inside a box to one outside crosses the border."""
        (cx, cy), (w, h) = self._centre(name), self._size(name)
        (x, y), dx, dy = inside, outside[0] - inside[0], outside[1] - inside[1]
        reach = [1.0]
        if dx:
            reach.append((cx + (w / 2 if dx > 0 else -w / 2) - x) / dx)
        if dy:
            reach.append((cy + (h / 2 if dy > 0 else -h / 2) - y) / dy)
        share = min(crossing for crossing in reach if crossing > 0)
        return x + dx * share, y + dy * share


def _path(points: list[Point], kind: str) -> str:
    """A line with an arrow at its end; corners between are rounded."""
    (x, y), *rest = points
    drawn = f"M{x:.1f} {y:.1f}"
    for before, corner, after in zip(points, rest, rest[1:], strict=False):
        first, second = _towards(corner, before), _towards(corner, after)
        drawn += f"L{first[0]:.1f} {first[1]:.1f}Q{corner[0]:.1f} {corner[1]:.1f} {second[0]:.1f} {second[1]:.1f}"
    x, y = points[-1]
    return f'<path class="{kind}" marker-end="url(#tip)" d="{drawn}L{x:.1f} {y:.1f}"/>'


def _towards(corner: Point, other: Point) -> Point:
    """A point twelve pixels from a corner on the way to another, or half way where that is nearer."""
    share = min(12.0 / dist(corner, other), 0.5)
    return corner[0] + (other[0] - corner[0]) * share, corner[1] + (other[1] - corner[1]) * share
