"""Bars and boxes: counts by the hour, and the ages of queues against their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serving.web.series_charts import Known


@dataclass(frozen=True, slots=True)
class AgeBox:
    """How old a queue's open items are beside their limit: the middle half, the median, the oldest."""

    box_x: float
    box_width: float
    median_x: float
    oldest_x: float
    limit_x: float
    late: bool
    label: str


_BARS_WIDTH, _BARS_HEIGHT = 420.0, 34.0
_BOX_WIDTH: Final = 230.0


def age_box(low: float, median: float, high: float, oldest: float, limit: float, unit: str = "h") -> AgeBox:
    """Ages in one unit: the first quartile, median, third quartile and oldest, and the age that none should reach."""
    most = max(oldest, limit) * 1.05

    def at(value: float) -> float:
        return round(_BOX_WIDTH * value / most, 1)

    return AgeBox(
        at(low),
        round(max(at(high) - at(low), 1.0), 1),
        at(median),
        at(oldest),
        at(limit),
        oldest > limit,
        f"Age: median {median:g} {unit}, oldest {oldest:g} {unit}, limit {limit:g} {unit}",
    )


@dataclass(frozen=True, slots=True)
class OneBar:
    """One bar; one that is not known is hatched over the whole height, a marked one stands out."""

    x: float
    y: float
    width: float
    height: float
    known: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts side by side, with what the first and the last are about."""

    bars: tuple[OneBar, ...]
    first: str
    last: str
    label: str


def bars(values: Sequence[Known], label: str, *, first: str = "", last: str = "", marked: Sequence[int] = ()) -> Bars:
    """Values as bars from zero up; None is hatched. `marked` are the places of bars that stand out."""
    most = max((value for value in values if value is not None), default=0.0) or 1.0
    pitch = _BARS_WIDTH / max(1, len(values))
    made = []
    for i, value in enumerate(values):
        tall = _BARS_HEIGHT if value is None else round(_BARS_HEIGHT * value / most, 1)
        made.append(
            OneBar(
                round(pitch * i, 1),
                round(_BARS_HEIGHT - tall, 1),
                round(pitch * 0.82, 1),
                tall,
                value is not None,
                i in marked,
            )
        )
    missing = sum(value is None for value in values)
    return Bars(tuple(made), first, last, f"{label} {missing} of {len(values)} unknown." if missing else label)
