"""The activity series of a seller over the last ninety days, in steps of equal length."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Select, bindparam, case, func, select

from serving.listings.tables import listing
from serving.platform.database.scope import inside
from serving.scoring.tables import seller_event

STEPS: Final = 15
STEP: Final = timedelta(days=6)
LISTINGS: Final = "offer"


def series_by_kind(
    connection: Connection, marketplace_id: str, seller: str, until: datetime
) -> Mapping[str, list[int]]:
    """Counts by kind of event, and of new listings, in each of fifteen steps of six days up to a moment.

    Kinds without events are absent; the caller decides whether that means zero or not reported.
    """
    begin = until - STEP * STEPS
    parameters: dict[str, Any] = {"here": marketplace_id, "seller": seller}
    parameters |= {f"edge_{number}": begin + STEP * number for number in range(STEPS + 1)}
    series = {row[0]: [int(count or 0) for count in row[1:]] for row in connection.execute(_EVENTS, parameters)}
    series[LISTINGS] = [int(count or 0) for count in connection.execute(_NEW_LISTINGS, parameters).one()]
    return series


def _edge_parameter(number: int, at: Column[Any]) -> Any:
    return bindparam(f"edge_{number}", type_=at.type)


def _step_counts(at: Column[Any]) -> list[ColumnElement[int]]:
    return [
        func.sum(case(((at > _edge_parameter(step, at)) & (at <= _edge_parameter(step + 1, at)), 1), else_=0))
        for step in range(STEPS)
    ]


def _seller_window(query: Select[Any, *tuple[Any, ...]], table: Any, at: Column[Any]) -> Select[Any, *tuple[Any, ...]]:
    return query.where(
        inside(table, bindparam("here"), seller_external_id=bindparam("seller")),
        at > _edge_parameter(0, at),
        at <= _edge_parameter(STEPS, at),
    )


# Built once: thirty conditions take longer to build than to run.
_EVENTS: Final = (
    _seller_window(
        select(seller_event.c.kind, *_step_counts(seller_event.c.occurred_at)), seller_event, seller_event.c.occurred_at
    )
    .where(seller_event.c.known_at <= _edge_parameter(STEPS, seller_event.c.known_at))
    .group_by(seller_event.c.kind)
)
_NEW_LISTINGS: Final = _seller_window(
    select(*_step_counts(listing.c.first_known_at)), listing, listing.c.first_known_at
)
