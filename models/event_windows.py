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
_SPANS: Final = np.array([length // timedelta(microseconds=1) for length in _LENGTHS], np.int64)
_KINDS: Final = len(KINDS)
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


class Asked(NamedTuple):
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


def window_counts(events: EventColumns, asked: Asked) -> WindowCounts:
    """The counts before each moment: of events that occurred up to it, and that were known before it."""
    sellers = 1 + max(events.seller.max(initial=-1), asked.seller.max(initial=-1))
    number = len(asked.at)
    found = WindowCounts(
        np.zeros((number, len(KINDS), len(DAYS)), np.int64),
        np.zeros((number, len(DAYS)), np.int64),
        np.zeros((number, len(DAYS)), np.int64),
    )
    _fold(events, asked, sellers, found)
    return found


@numba.njit(cache=True)
def _starts(seller: NDArray[np.int64], sellers: int) -> NDArray[np.int64]:
    """Where each seller's rows begin if they are put in the order of sellers, shape (sellers + 1,)."""
    starts = np.zeros(sellers + 1, np.int64)
    for one in seller:
        starts[one + 1] += 1
    for at in range(sellers):
        starts[at + 1] += starts[at]
    return starts


@numba.njit(cache=True)
def _fold(events: EventColumns, asked: Asked, sellers: int, found: WindowCounts) -> None:
    """Put the events of each seller side by side, in time order, and walk back from each of its moments."""
    starts = _starts(events.seller, sellers)
    following = starts[:-1].copy()
    # One row of 32 bytes an event, so that it is written and read at one place of memory.
    rows = np.empty((events.seller.size, 4), np.int64)
    for at in range(events.seller.size):
        place = following[events.seller[at]]
        following[events.seller[at]] = place + 1
        rows[place, 0] = events.occurred[at]
        rows[place, 1] = events.known[at]
        rows[place, 2] = events.amount[at]
        rows[place, 3] = events.currency[at] * _KINDS + events.kind[at]
    following = _starts(asked.seller, sellers)
    order = np.empty(asked.seller.size, np.int64)
    for at in range(asked.seller.size):
        order[following[asked.seller[at]]] = at
        following[asked.seller[at]] += 1
    for row in order:
        first = starts[asked.seller[row]]
        _count(rows[first : starts[asked.seller[row] + 1]], row, asked, found)


@numba.njit(cache=True, inline="always")
def _count(rows: NDArray[np.int64], row: int, asked: Asked, found: WindowCounts) -> None:
    """Count one seller's events up to a moment, from the last back to the beginning of the longest window."""
    at = asked.at[row]
    begin, end = 0, len(rows)
    while begin < end:
        middle = (begin + end) // 2
        if rows[middle, 0] <= at:
            begin = middle + 1
        else:
            end = middle
    for place in range(begin - 1, -1, -1):
        age = at - rows[place, 0]
        if age > _SPANS[-1]:
            break
        if rows[place, 1] >= at:
            continue
        currency = rows[place, 3] // _KINDS
        kind = rows[place, 3] - currency * _KINDS
        same = currency >= 0 and currency == asked.currency[row]
        for window in range(_SPANS.size):
            if age <= _SPANS[window]:
                found.events[row, kind, window] += 1
                if kind == _SALE:
                    found.worth[row, window] += rows[place, 2]
                    found.others[row, window] += not same
