"""Listings per lane over time: a chart and the same figures as a table."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Final

from sqlalchemy import Connection

from models.routing import Lane
from serving.operations.store import volumes
from serving.web.series_charts import Layer, StackedArea, stacked_area
from serving.web.spans import EACH, STEPS, Span, choices, starts
from serving.web.wording import words
from serving.web.wording.vocabulary import ROUTES

# From the bottom up. Listings without action outnumber all others and would hide them.
_DRAWN: Final = (
    (Lane.ASK_BRAND, "f-ask", ROUTES[Lane.ASK_BRAND]),
    (Lane.ANALYST, "f-ana", ROUTES[Lane.ANALYST]),
    (Lane.INSUFFICIENT_EVIDENCE, "f-ins", ROUTES[Lane.INSUFFICIENT_EVIDENCE]),
    (Lane.AUDIT, "f-aud", ROUTES[Lane.AUDIT]),
)
COLUMNS: Final = (*(name for _, _, name in _DRAWN), ROUTES[Lane.NO_ACTION])
_LANES: Final = (*(lane for lane, _, _ in _DRAWN), Lane.NO_ACTION)


def volumes_of(
    connection: Connection, marketplace_id: str, span: Span, now: datetime, *, opened_at: datetime | None
) -> SimpleNamespace:
    """The volumes of a span; `opened_at` is when the circuit breaker opened, if it is open."""
    begins, step = starts(span, now), STEPS[span]
    table = volumes.by_lane(connection, marketplace_id, begins, step)
    released = table[Lane.NO_ACTION]
    return SimpleNamespace(
        choices=choices(span),
        each=EACH[span],
        chart=_chart(table, begins, now, opened_at),
        released=f"{sum(released) / len(released):,.0f}",
        columns=COLUMNS,
        hourly=span is Span.HOURS,
        rows=[(start, [table[lane][i] for lane in _LANES]) for i, start in reversed(list(enumerate(begins)))],
    )


def _chart(
    table: Mapping[Lane, Sequence[int]], begins: Sequence[datetime], now: datetime, opened_at: datetime | None
) -> StackedArea | None:
    """The reviewed lanes, stacked; None if no listing was sent to them."""
    if not any(any(table[lane]) for lane, _, _ in _DRAWN):
        return None
    sums = ", ".join(f"{name} {sum(table[lane]):,}" for lane, _, name in _DRAWN)
    text = words.short_moment if begins[1] - begins[0] < timedelta(days=1) else words.day
    mark = None
    if opened_at is not None and opened_at >= begins[0]:
        place = min((opened_at - begins[0]) / (begins[1] - begins[0]), len(begins) - 1.0)
        mark = place, f"circuit breaker opened, {words.moment(opened_at, now)}"
    return stacked_area(
        [Layer(name, tone, tuple(map(float, table[lane]))) for lane, tone, name in _DRAWN],
        [(i, text(begins[i], now)) for i in range(0, len(begins), len(begins) // 6)],
        f"Since {words.moment(begins[0], now)}: {sums}.",
        mark=mark,
    )
