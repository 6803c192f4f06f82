"""Geometry of charts over time and of spreads; an unknown value is hatched and never drawn as zero."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Final

from serving.web.charts import Scale, Tick

Known = float | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A period without data."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A series in one line of text: polylines of its known values, its gaps, and the last known value."""

    width: int
    height: int
    lines: tuple[str, ...]
    gaps: tuple[Gap, ...]
    end: tuple[float, float] | None
    label: str


def sparkline(values: Sequence[Known], label: str, *, width: int = 120, height: int = 24) -> Sparkline:
    """Values in equal steps of time, drawn from zero up; None is unknown."""
    most = max((number for number in values if number is not None), default=0.0) or 1.0
    step = (width - 4) / max(1, len(values) - 1)
    y = Scale(height - 2, 2, most)
    placed = [(round(2 + step * i, 1), None if number is None else y(number)) for i, number in enumerate(values)]
    runs = list(_known_runs(values))
    known = [(x, y) for x, y in placed if y is not None]
    missing = sum(number is None for number in values)
    return Sparkline(
        width,
        height,
        tuple(_points((x, y) for x, y in placed[a:b] if y is not None) for a, b, is_known in runs if is_known),
        tuple(_gap(a, b, step, 2.0, len(values)) for a, b, is_known in runs if not is_known),
        known[-1] if known else None,
        f"{label}; {missing} of {len(values)} unknown" if missing else label,
    )


def _known_runs(values: Sequence[Known]) -> Iterator[tuple[int, int, bool]]:
    """(begin, end, whether it is known) of each run of equal state."""
    begin = 0
    for is_known, run in groupby(number is not None for number in values):
        length = sum(1 for _ in run)
        yield begin, begin + length, is_known
        begin += length


def _points(placed: Iterator[tuple[float, float]]) -> str:
    points = [f"{x},{y}" for x, y in placed]
    # One point alone draws no line; the same point twice draws a dot with round ends.
    return " ".join(points * 2 if len(points) == 1 else points)


def _gap(begin: int, end: int, step: float, left_edge: float, many: int) -> Gap:
    """The gap between the last known step before and the first known one after."""
    first, last = max(0, begin - 1), min(many - 1, end)
    return Gap(round(left_edge + step * first, 1), round(max(step * (last - first), 4.0), 1))


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of a whole over time: its name, its fill class, and its values in equal steps."""

    name: str
    tone: str
    values: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """A drawn layer: one surface for each known period."""

    name: str
    tone: str
    surfaces: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """A horizontal line with its figure."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """An event that explains a change; its text moves to its left if there is no room to its right."""

    x: float
    text: str
    before: bool


@dataclass(frozen=True, slots=True)
class StackedArea:
    """Parts of a whole over time, stacked, the first at the bottom."""

    areas: tuple[Area, ...]
    gaps: tuple[Gap, ...]
    levels: tuple[Level, ...]
    ticks: tuple[Tick, ...]
    label: str
    mark: Mark | None = None


_LEFT, _RIGHT, _TOP, _FOOT = 40.0, 740.0, 16.0, 186.0


def stacked_area(
    layers: Sequence[Layer], ticks: Sequence[tuple[int, str]], label: str, *, mark: tuple[float, str] | None = None
) -> StackedArea:
    """Layers of equal length; a step that is unknown in one layer is unknown in all. `ticks` name steps.

    `mark` is a position in steps, and the event there.
    """
    steps = len(layers[0].values) if layers else 0
    known = [all(layer.values[i] is not None for layer in layers) for i in range(steps)]
    tops = [[0.0] * steps]
    for layer in layers:
        tops.append([below + (height or 0.0) for below, height in zip(tops[-1], layer.values, strict=True)])
    levels = round_levels(max((top for top, sure in zip(tops[-1], known, strict=True) if sure), default=0.0))
    width = (_RIGHT - _LEFT) / max(1, steps - 1)
    runs, y = list(_known_runs([1.0 if sure else None for sure in known])), Scale(_FOOT, _TOP, levels[-1])

    def at(i: int, height: float) -> tuple[float, float]:
        return round(_LEFT + width * i, 1), y(height)

    def surface(below: list[float], above: list[float], begin: int, end: int) -> str:
        up = [at(i, above[i]) for i in range(begin, end)]
        return _points(iter([*up, *(at(i, below[i]) for i in reversed(range(begin, end)))]))

    return StackedArea(
        tuple(
            Area(layer.name, layer.tone, tuple(surface(low, high, a, b) for a, b, sure in runs if sure))
            for layer, low, high in zip(layers, tops, tops[1:], strict=False)
        ),
        tuple(_gap(a, b, width, _LEFT, steps) for a, b, sure in runs if not sure),
        tuple(Level(at(0, level)[1], f"{level:,.0f}" if levels[-1] >= 3 else f"{level:g}") for level in levels),
        tuple(Tick(at(i, 0)[0], text) for i, text in ticks),
        label if all(known) else f"{label} {known.count(False)} of {steps} steps are unknown.",
        None if mark is None else _mark(round(_LEFT + width * mark[0], 1), mark[1]),
    )


def _mark(x: float, text: str) -> Mark:
    return Mark(x, text, before=x > (_LEFT + _RIGHT) / 2)


def round_levels(most: float) -> list[float]:
    """Zero and two to five round figures that cover the largest value.

    >>> round_levels(330), round_levels(0), round_levels(0.07)
    ([0.0, 100.0, 200.0, 300.0, 400.0], [0.0, 1.0], [0.0, 0.02, 0.04, 0.06, 0.08])
    """
    if most <= 0:
        return [0.0, 1.0]
    unit = 10.0 ** math.floor(math.log10(most / 4))
    step = next(unit * factor for factor in (1, 2, 5, 10) if unit * factor * 4.0001 >= most)
    return [round(step * i, 10) for i in range(math.ceil(most / step - 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class RatioChart:
    """Ratios over time on a scale of doublings: (x, y, tone) of each, the levels, and the level of 1."""

    points: tuple[tuple[float, float, str], ...]
    levels: tuple[Tick, ...]
    one_y: float
    first: str
    last: str
    label: str


def ratio_chart(points: Sequence[tuple[datetime, float, str]], label: str, *, first: str, last: str) -> RatioChart:
    """Positive ratios, at least one, with their times and tones; the scale reaches from a half to a double at least."""
    logs = [math.log2(ratio) for _, ratio, _ in points]
    low, high = math.floor(min(-1.0, *logs)), math.ceil(max(1.0, *logs))
    begin, end = (edge(at for at, _, _ in points) for edge in (min, max))
    y = Scale(116.0, 8.0, float(high - low))
    x = Scale(46.0, 412.0, (end - begin).total_seconds() or 1.0)
    step = math.ceil((high - low) / 6)
    return RatioChart(
        tuple(
            (x((at - begin).total_seconds()), y(log - low), tone)
            for (at, _, tone), log in zip(points, logs, strict=True)
        ),
        tuple(Tick(y(level - low), f"{2.0**level:.2g}×") for level in range(low, high + 1, step)),
        y(-low),
        first,
        last if end > begin else "",
        label,
    )


@dataclass(frozen=True, slots=True)
class Cell:
    """A field of a grid: its text, and the class of its shade, empty if it is unknown."""

    x: float
    tone: str | None
    says: str


@dataclass(frozen=True, slots=True)
class GridRow:
    name: str
    y: float
    cells: tuple[Cell, ...]
    last: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The drift of several features in each period."""

    width: float
    height: float
    cell: float
    rows: tuple[GridRow, ...]
    ticks: tuple[Tick, ...]
    label: str


_NAMES_WIDTH, _GRID_WIDTH, _ROW_HEIGHT = 132.0, 420.0, 18.0
_SHADES: Final = ("h0", "h1", "h2", "h3", "h4")


def drift_grid(
    rows: Sequence[tuple[str, Sequence[Known]]], columns: Sequence[str], *, bounds: Sequence[float], label: str
) -> Grid:
    """Rows of values over named columns, shaded by how many of four rising bounds they reach; None is hatched."""
    pitch = (_GRID_WIDTH - _NAMES_WIDTH - 44.0) / max(1, len(columns))
    grid_rows = []
    for i, (name, values) in enumerate(rows):
        cells = tuple(
            Cell(
                round(_NAMES_WIDTH + pitch * j, 1),
                None if number is None else _SHADES[sum(number >= bound for bound in bounds)],
                f"{name}, {column}: {'unknown' if number is None else f'{number:.2f}'}",
            )
            for j, (number, column) in enumerate(zip(values, columns, strict=True))
        )
        newest = values[-1] if values else None
        grid_rows.append(GridRow(name, 4 + _ROW_HEIGHT * i, cells, "?" if newest is None else f"{newest:.2f}"))
    shown = range(0, len(columns), max(1, math.ceil(len(columns) / 6)))
    return Grid(
        _GRID_WIDTH,
        24 + _ROW_HEIGHT * len(rows),
        round(pitch - 2, 1),
        tuple(grid_rows),
        tuple(Tick(round(_NAMES_WIDTH + pitch * j + (pitch - 2) / 2, 1), columns[j]) for j in shown),
        label,
    )
