"""Counts of seller events before the moments of many listings, from one query and one fold."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Connection, Select, String, cast, extract, select, type_coerce

from features.history import EventCounts
from models.event_windows import NO_CURRENCY, EventColumns, SellerMoments, WindowCounts, window_counts
from models.seller_history import DAYS, KINDS
from serving.platform.database.lists import list_parameter, value_table
from serving.platform.database.scope import HERE, inside
from serving.scoring.store.history_queries import time_parameter
from serving.scoring.tables import seller_event

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class SellerMoment:
    """A listing's seller at a moment, and the currency of the listing."""

    seller: str
    as_of: datetime
    currency: str | None


@dataclass(frozen=True, slots=True)
class PastEvents:
    """The counts of each moment, in order."""

    moments: Sequence[SellerMoment]
    counts: WindowCounts

    def of(self, place: int, complete_since: datetime | None) -> EventCounts:
        seller_moment = self.moments[place]
        return self.counts.of(place, seller_moment.as_of, complete_since, seller_moment.currency)


def event_counts(connection: Connection, marketplace_id: str, moments: Sequence[SellerMoment]) -> PastEvents:
    sellers = {name: number for number, name in enumerate(sorted({seller_moment.seller for seller_moment in moments}))}
    currencies: dict[str | None, int] = {None: NO_CURRENCY}
    rows: Sequence[Any] = ()
    if moments:
        parameters = {
            "here": marketplace_id,
            "since": min(seller_moment.as_of for seller_moment in moments) - timedelta(days=max(DAYS)),
            "until": max(seller_moment.as_of for seller_moment in moments),
            **list_parameter(connection, list(sellers)),
        }
        rows = connection.execute(_select_events(connection.dialect.name), parameters).all()
    sellers_of, kinds, occurred, known, amounts, event_currencies = zip(*rows, strict=True) if rows else ((),) * 6
    for currency in (*event_currencies, *(seller_moment.currency for seller_moment in moments)):
        currencies.setdefault(currency, len(currencies) - 1)
    events = EventColumns(
        seller=_as_integers([sellers[seller] for seller in sellers_of]),
        occurred=_as_microseconds(occurred),
        known=_as_microseconds(known),
        kind=_as_integers([KINDS.index(kind) for kind in kinds]),
        amount=_as_integers([amount or 0 for amount in amounts]),
        currency=_as_integers([currencies[currency] for currency in event_currencies]),
    )
    moment_columns = SellerMoments(
        seller=_as_integers([sellers[seller_moment.seller] for seller_moment in moments]),
        at=_as_integers([(seller_moment.as_of - _BEGINNING) // _MICROSECOND for seller_moment in moments]),
        currency=_as_integers([currencies[seller_moment.currency] for seller_moment in moments]),
    )
    return PastEvents(moments, window_counts(events, moment_columns))


@cache
def _select_events(dialect: str) -> Select[Any]:
    seller_list = value_table(dialect, String())
    mine = inside(seller_event, HERE, seller_external_id=seller_list.c.value)
    of_time = (seller_event.c.occurred_at >= time_parameter("since")) & (
        seller_event.c.occurred_at <= time_parameter("until")
    )
    return (
        select(
            seller_event.c.seller_external_id,
            seller_event.c.kind,
            _plain_time(seller_event.c.occurred_at, dialect),
            _plain_time(seller_event.c.known_at, dialect),
            seller_event.c.amount_minor,
            seller_event.c.currency,
        )
        .select_from(seller_list.outerjoin(seller_event, mine & of_time & seller_event.c.kind.in_(KINDS)))
        .where(seller_event.c.seller_external_id.is_not(None))
        .order_by(seller_event.c.occurred_at, seller_event.c.known_at)
    )


def _plain_time(time: ColumnElement[datetime], dialect: str) -> ColumnElement[Any]:
    """A time as it is stored on SQLite, and as microseconds on PostgreSQL: not an object for each."""
    if dialect == "postgresql":
        return cast(extract("epoch", time) * 1_000_000, BigInteger())
    return type_coerce(time, String())


def _as_microseconds(values: Sequence[Any]) -> NDArray[np.int64]:
    if not values or isinstance(values[0], int):
        return _as_integers(values)
    text = np.array([moment_text[:-1] for moment_text in values])  # NumPy reads no mark of UTC.
    return text.astype("datetime64[us]").astype(np.int64)


def _as_integers(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
