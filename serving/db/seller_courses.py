"""What a seller offered and sold over the last ninety days, counted in steps of equal length."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, case, func, select

from serving.db.tables import listing, seller_event

STEPS: Final = 15
STEP: Final = timedelta(days=6)
OFFERS: Final = "offer"


def courses(connection: Connection, marketplace_id: str, seller: str, until: datetime) -> Mapping[str, list[int]]:
    """By kind of event, and for new offers, the number in each of fifteen steps of six days up to a moment.

    A kind of which there was nothing is not in it; whether that is zero or not reported is for others to tell.
    """
    begin = until - STEP * STEPS
    events = select(seller_event.c.kind, *_steps(seller_event.c.occurred_at, begin)).where(
        seller_event.c.marketplace_id == marketplace_id,
        seller_event.c.seller_external_id == seller,
        seller_event.c.occurred_at > begin,
        seller_event.c.occurred_at <= until,
        seller_event.c.known_at <= until,
    )
    found = {row[0]: [int(value or 0) for value in row[1:]] for row in connection.execute(events.group_by("kind"))}
    offers = select(*_steps(listing.c.first_known_at, begin)).where(
        listing.c.marketplace_id == marketplace_id,
        listing.c.seller_external_id == seller,
        listing.c.first_known_at > begin,
        listing.c.first_known_at <= until,
    )
    found[OFFERS] = [int(value or 0) for value in connection.execute(offers).one()]
    return found


def _steps(at: Any, begin: datetime) -> list[ColumnElement[int]]:
    return [
        func.sum(case(((at > begin + STEP * step) & (at <= begin + STEP * (step + 1)), 1), else_=0))
        for step in range(STEPS)
    ]
