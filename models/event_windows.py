"""Counts of seller events in the windows before many moments: one fold over events in time order.

The same counts as `models.seller_history.SellerHistory.event_counts` makes for one seller at one moment.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from features import money
from features.fields import Windows
from features.history import EventCounts
from models.seller_history import DAYS, KINDS

_LENGTHS: Final = tuple(timedelta(days=days) for days in DAYS)
_KINDS: Final = len(KINDS)
_KIND_BITS, _KIND_MASK = 2, 3
_SHORT, _MIDDLE, _LONG = (length // timedelta(microseconds=1) for length in _LENGTHS)
# The columns of one window: a count of each kind, the worth of the sales, and the sales without a like amount.
_WORTH, _OTHERS, _COLUMNS = _KINDS, _KINDS + 1, _KINDS + 2
_SALE: Final = KINDS.index("sale")
NO_CURRENCY: Final = -1


class EventColumns(NamedTuple):
    """Events in the order of `occurred`, each column of shape (n,); times are microseconds since 1970.

    `seller` numbers the sellers from 0, `kind` is a place in `KINDS`, `currency` a number, `NO_CURRENCY` without one.
    Amounts are in minor units.
    """

    seller: NDArray[np.int64]
    occurred: NDArray[np.int64]
    known: NDArray[np.int64]
    kind: NDArray[np.int64]
    amount: NDArray[np.int64]
    currency: NDArray[np.int64]


class SellerMoments(NamedTuple):
    """Moments of sellers, each column of shape (n,), in any order; `currency` is that of the listing."""

    seller: NDArray[np.int64]
    at: NDArray[np.int64]
    currency: NDArray[np.int64]


class WindowCounts(NamedTuple):
    """By moment and window of `DAYS`: events of each kind, shape (n, kinds, windows), and the worth of the sales.

    `others` counts the sales without an amount in the listing's currency, shape (n, windows).
    """

    events: NDArray[np.int64]
    worth: NDArray[np.int64]
    others: NDArray[np.int64]

    def of(self, row: int, as_of: datetime, complete_since: datetime | None, currency: str | None) -> EventCounts:
        """The counts of one moment; a window is None where events are not known to be complete."""
        if complete_since is None:
            return EventCounts()
        whole = [as_of - span >= complete_since for span in _LENGTHS]

        def windows(kind: int) -> Windows:
            counts = self.events[row, kind].tolist()
            return Windows(*(float(n) if known else None for n, known in zip(counts, whole, strict=True)))

        worth: list[float | None] = [None] * len(DAYS)
        if currency is not None:
            for window, known in enumerate(whole):
                if known and not self.others[row, window]:
                    worth[window] = float(money.from_minor(int(self.worth[row, window]), currency))
        sales, returns, fakes = (windows(kind) for kind in range(len(KINDS)))
        return EventCounts(
            sales=sales, returns=returns, fake_returns=fakes, turnover=Windows(*worth), complete_since=complete_since
        )


def window_counts(events: EventColumns, moments: SellerMoments) -> WindowCounts:
    """The counts before each moment: of events that occurred up to it, and that were known before it."""
    sellers = 1 + max(events.seller.max(initial=-1), moments.seller.max(initial=-1))
    number = len(moments.at)
    totals = WindowCounts(
        np.zeros((number, len(KINDS), len(DAYS)), np.int64),
        np.zeros((number, len(DAYS)), np.int64),
        np.zeros((number, len(DAYS)), np.int64),
    )
    _count_by_seller(events, moments, sellers, totals)
    return totals


@numba.njit(cache=True)
def _seller_starts(seller: NDArray[np.int64], sellers: int) -> NDArray[np.int64]:
    """Where each seller's rows begin if they are put in the order of sellers, shape (sellers + 1,)."""
    starts = np.zeros(sellers + 1, np.int64)
    for seller_number in seller:
        starts[seller_number + 1] += 1
    for at in range(sellers):
        starts[at + 1] += starts[at]
    return starts


@numba.njit(cache=True)
def _count_by_seller(events: EventColumns, moments: SellerMoments, sellers: int, totals: WindowCounts) -> None:
    """Put the events of each seller side by side, in time order, and walk back from each of its moments."""
    starts = _seller_starts(events.seller, sellers)
    following = starts[:-1].copy()
    # One row of 32 bytes an event, so that it is written and read at one place of memory.
    rows = np.empty((events.seller.size, 4), np.int64)
    for at in range(events.seller.size):
        place = following[events.seller[at]]
        following[events.seller[at]] = place + 1
        rows[place, 0] = events.occurred[at]
        rows[place, 1] = events.known[at]
        rows[place, 2] = events.amount[at]
        rows[place, 3] = events.currency[at] << _KIND_BITS | events.kind[at]
    following = _seller_starts(moments.seller, sellers)
    order = np.empty(moments.seller.size, np.int64)
    for at in range(moments.seller.size):
        order[following[moments.seller[at]]] = at
        following[moments.seller[at]] += 1
    counts = np.empty(3 * _COLUMNS, np.int64)
    for row in order:
        first, last = starts[moments.seller[row]], starts[moments.seller[row] + 1]
        _count_window_events(rows, first, last, moments.at[row], moments.currency[row], counts)
        for window in range(3):
            base = window * _COLUMNS
            for kind in range(_KINDS):
                totals.events[row, kind, window] = counts[base + kind]
            totals.worth[row, window] = counts[base + _WORTH]
            totals.others[row, window] = counts[base + _OTHERS]


@numba.njit(cache=True, inline="always")
def _count_window_events(  # a compiled loop
    rows: NDArray[np.int64], first: int, last: int, at: int, currency: int, counts: NDArray[np.int64]
) -> None:
    """Count one seller's events up to a moment, from the last back to the beginning of the longest window."""
    counts[:] = 0
    begin, end = first, last
    while begin < end:
        middle = (begin + end) >> 1
        if rows[middle, 0] <= at:
            begin = middle + 1
        else:
            end = middle
    for place in range(begin - 1, first - 1, -1):
        age = at - rows[place, 0]
        if age > _LONG:
            break
        # Added instead of chosen by branches, which would be mispredicted for every other event.
        base = ((age > _SHORT) + (age > _MIDDLE)) * _COLUMNS
        known = np.int64(rows[place, 1] < at)
        kind = rows[place, 3] & _KIND_MASK
        sale = known * (kind == _SALE)
        counts[base + kind] += known
        counts[base + _WORTH] += sale * rows[place, 2]
        other = rows[place, 3] >> _KIND_BITS
        counts[base + _OTHERS] += sale * ((other < 0) | (other != currency))
    for at_column in range(2 * _COLUMNS):  # So far each event is in the shortest of its windows.
        counts[at_column + _COLUMNS] += counts[at_column]
