"""Counts of many moments at once equal those of one seller at one moment."""

from datetime import datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.history import EventCounts
from models.event_windows import NO_CURRENCY, Asked, EventColumns, window_counts
from models.seller_history import KINDS, Event, SellerHistory
from tests.fixtures.clocks import NOW

CURRENCIES = ("EUR", "JPY")
DAY = timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)
# Moments at the ends of windows, and a microsecond beside them.
MOMENTS = st.builds(
    lambda days, beside: NOW - days * DAY + beside * MICROSECOND,
    st.sampled_from((0, 1, 7, 30, 90, 97, 200)),
    st.integers(-1, 1),
)
EVENTS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(KINDS),
    MOMENTS,
    st.sampled_from((0, 0, 3)),
    st.one_of(st.none(), st.integers(0, 10**9)),
    st.sampled_from((None, *CURRENCIES, "EUR")),
)
ASKED = st.tuples(st.integers(0, 3), MOMENTS, st.sampled_from((None, *CURRENCIES)))


def micros(moment: datetime) -> int:
    return (moment - datetime.fromtimestamp(0, NOW.tzinfo)) // MICROSECOND


def number_of(currency: str | None) -> int:
    return NO_CURRENCY if currency is None else CURRENCIES.index(currency)


@given(st.lists(EVENTS, max_size=40), st.lists(ASKED, max_size=8), st.sampled_from((None, 0, 100, 365)))
def test_counts_are_those_of_one_history(
    events: list[tuple[int, str, datetime, int, int | None, str | None]],
    asked: list[tuple[int, datetime, str | None]],
    complete_days: int | None,
) -> None:
    complete_since = None if complete_days is None else NOW - complete_days * DAY
    histories = [SellerHistory() for _ in range(4)]
    events.sort(key=lambda one: one[2])
    for seller, kind, occurred, late, amount, currency in events:
        event = Event(occurred, occurred + late * DAY, amount, currency)
        histories[seller].events.setdefault(kind, []).append(event)

    def column(values: list[int]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
        return np.array(values, np.int64)

    counts = window_counts(
        EventColumns(
            seller=column([one[0] for one in events]),
            occurred=column([micros(one[2]) for one in events]),
            known=column([micros(one[2] + one[3] * DAY) for one in events]),
            kind=column([KINDS.index(one[1]) for one in events]),
            amount=column([one[4] or 0 for one in events]),
            currency=column([number_of(one[5]) for one in events]),
        ),
        Asked(
            column([one[0] for one in asked]),
            column([micros(one[1]) for one in asked]),
            column([number_of(one[2]) for one in asked]),
        ),
    )
    for row, (seller, moment, currency) in enumerate(asked):
        expected = histories[seller].event_counts(moment, complete_since, currency)
        assert counts.of(row, moment, complete_since, currency) == expected


def test_without_events_every_count_is_zero() -> None:
    none = np.empty(0, np.int64)
    asked = Asked(np.array([0]), np.array([micros(NOW)]), np.array([0]))
    found = window_counts(EventColumns(none, none, none, none, none, none), asked)
    counts = found.of(0, NOW, NOW - 365 * DAY, "EUR")
    assert counts.sales == counts.turnover == (0.0, 0.0, 0.0)
    assert found.of(0, NOW, None, "EUR") == EventCounts()
