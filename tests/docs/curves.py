"""Curves as SVG that is readable on a light and on a dark page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import log10
from typing import Final

Point = tuple[float, float]

_WIDTH, _HEIGHT = 760.0, 420.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 58.0, 178.0, 44.0, 52.0
_APART: Final = 15.0  # Pixels between two names.
# Okabe and Ito (2008): distinguishable with all common colour vision deficiencies. Lines also differ by their marks.
_COLOURS: Final = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#7d8590")
_MARKS: Final = ("circle", "square", "diamond", "triangle", "cross")
_STYLE: Final = (
    "svg{--bg:#ffffff;--ink:#1f2328;--grid:#d8dee4;"
    "font:12px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--bg:#151b23;--ink:#f0f6fc;--grid:#3d444d}}"
    ".page{fill:var(--bg)}text{fill:var(--ink)}.grid{stroke:var(--grid)}.line{fill:none;stroke-width:2}"
    ".band{opacity:.18}.title{font-size:13.5px}"
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A named line; `band` has the lower and the upper end at each point, or is empty."""

    name: str
    points: tuple[Point, ...]
    band: tuple[Point, ...] = ()


def svg(title: str, axes: tuple[str, str], curves: Sequence[Curve]) -> str:
    """The curves over a logarithmic axis, from zero, each with its name at its end."""
    sheet = _Sheet(curves)
    along, up = axes
    says = "; ".join(f"{curve.name}: " + ", ".join(f"{y:.3f} at {x:,.0f}" for x, y in curve.points) for curve in curves)
    size = f'viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-labelledby="t d">',
        f'<title id="t">{escape(title)}</title>',
        f'<desc id="d">{escape(up)} by {escape(along)}. {escape(says)}.</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect class="page" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" rx="8"/>',
        f'<text class="title" x="16" y="24">{escape(title)}</text>',
        *sheet.grid(along, up),
        *sheet.lines(),
        *sheet.names(),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Sheet:
    """The area of the plot, in pixels from the upper left corner."""

    def __init__(self, curves: Sequence[Curve]) -> None:
        self._curves = curves
        self._xs = sorted({x for curve in curves for x, _ in curve.points})
        highest = max(
            [y for curve in curves for _, y in curve.points] + [high for curve in curves for _, high in curve.band]
        )
        self._ticks = [number / 10 for number in range(int(highest * 10) + 2)]

    def grid(self, along: str, up: str) -> Iterator[str]:
        """Lines of the grid with their values, and the names of the axes."""
        for tick in self._ticks:
            _, y = self._at((self._xs[0], tick))
            yield f'<path class="grid" d="M{_LEFT:.1f} {y:.1f}H{_WIDTH - _RIGHT:.1f}"/>'
            yield f'<text x="{_LEFT - 8:.1f}" y="{y + 4:.1f}" text-anchor="end">{tick:.1f}</text>'
        bottom = _HEIGHT - _BOTTOM
        for position in self._xs:
            x, _ = self._at((position, 0.0))
            yield f'<path class="grid" d="M{x:.1f} {_TOP:.1f}V{bottom:.1f}"/>'
            yield f'<text x="{x:.1f}" y="{bottom + 18:.1f}" text-anchor="middle">{position:,.0f}</text>'
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        yield f'<text x="{middle:.1f}" y="{_HEIGHT - 12:.1f}" text-anchor="middle">{escape(along)}</text>'
        half = (_TOP + bottom) / 2
        turned = f'text-anchor="middle" transform="rotate(-90 16 {half:.1f})"'
        yield f'<text x="16" y="{half:.1f}" {turned}>{escape(up)}</text>'

    def lines(self) -> Iterator[str]:
        """Every band below every line, and the marks of the lines."""
        for number, curve in enumerate(self._curves):
            if curve.band:
                low = [(x, ends[0]) for (x, _), ends in zip(curve.points, curve.band, strict=True)]
                high = [(x, ends[1]) for (x, _), ends in zip(curve.points, curve.band, strict=True)]
                yield f'<path class="band" fill="{_COLOURS[number]}" d="{self._path([*high, *reversed(low)])}Z"/>'
        for number, curve in enumerate(self._curves):
            colour = _COLOURS[number]
            yield f'<path class="line" stroke="{colour}" d="{self._path(curve.points)}"/>'
            yield from (_mark(_MARKS[number], self._at(point), colour) for point in curve.points)

    def names(self) -> Iterator[str]:
        """The names beside the ends of the lines, pushed apart where two ends are close."""
        ends = sorted(
            ((self._at(curve.points[-1])[1], number) for number, curve in enumerate(self._curves)), reverse=True
        )
        free = _HEIGHT - _BOTTOM
        for y, number in ends:
            free = min(y, free - _APART)
            x = _WIDTH - _RIGHT + 12
            name = escape(self._curves[number].name)
            yield (
                _mark(_MARKS[number], (x, free), _COLOURS[number])
                + f'<text x="{x + 10:.1f}" y="{free + 4:.1f}">{name}</text>'
            )

    def _path(self, points: Sequence[Point]) -> str:
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in map(self._at, points))

    def _at(self, point: Point) -> Point:
        first, last = log10(self._xs[0]), log10(self._xs[-1])
        along = (log10(point[0]) - first) / (last - first)
        width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return _LEFT + along * width, _TOP + (1 - point[1] / self._ticks[-1]) * height


def _mark(kind: str, at: Point, colour: str) -> str:
    x, y = at
    drawn = {
        "circle": f"M{x - 4:.1f} {y:.1f}a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
        "square": f"M{x - 3.5:.1f} {y - 3.5:.1f}h7v7h-7z",
        "diamond": f"M{x:.1f} {y - 5:.1f}l5 5l-5 5l-5 -5z",
        "triangle": f"M{x:.1f} {y - 5:.1f}l5 8.5h-10z",
        "cross": f"M{x - 1.5:.1f} {y - 5:.1f}h3v3.5h3.5v3h-3.5v3.5h-3v-3.5h-3.5v-3h3.5z",
    }
    return f'<path fill="{colour}" d="{drawn[kind]}"/>'
