"""Bars and boxes: counts per hour, and the ages of queues against their limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from serving.web.charts import Scale
from serving.web.series_charts import Known


@dataclass(frozen=True, slots=True)
class AgeBox:
    """The ages of a queue's open items against the limit: quartiles, median and maximum."""

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
    """A box of ages in one unit: first quartile, median, third quartile, maximum, and the limit."""
    at = Scale(0.0, _BOX_WIDTH, max(oldest, limit) * 1.05)
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
class CountBar:
    """A bar; an unknown value is hatched over the whole height, a marked one is highlighted."""

    x: float
    y: float
    width: float
    height: float
    known: bool
    marked: bool


@dataclass(frozen=True, slots=True)
class Bars:
    """Counts side by side, with labels of the first and the last."""

    bars: tuple[CountBar, ...]
    first: str
    last: str
    label: str


def bars(values: Sequence[Known], label: str, *, first: str = "", last: str = "", marked: Sequence[int] = ()) -> Bars:
    """Values as bars from zero; None is hatched. `marked` are the indexes of highlighted bars."""
    most = max((amount for amount in values if amount is not None), default=0.0) or 1.0
    pitch = _BARS_WIDTH / max(1, len(values))
    bar_list = []
    for i, amount in enumerate(values):
        tall = _BARS_HEIGHT if amount is None else round(_BARS_HEIGHT * amount / most, 1)
        bar_list.append(
            CountBar(
                round(pitch * i, 1),
                round(_BARS_HEIGHT - tall, 1),
                round(pitch * 0.82, 1),
                tall,
                amount is not None,
                i in marked,
            )
        )
    missing = sum(amount is None for amount in values)
    return Bars(tuple(bar_list), first, last, f"{label} {missing} of {len(values)} unknown." if missing else label)
