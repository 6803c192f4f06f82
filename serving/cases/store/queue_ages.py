"""The waiting times of open cases, by lane; counted from an index alone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, case, func, select

from models.case import CaseLane, CaseState
from serving.cases.tables import review_case

_QUARTERS: Final = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class QueueAge:
    """The open cases of one lane: how many, how many past their own deadline, and when the oldest was opened.

    A quarter of them was opened before `long_waiting`, half before `middle`, three quarters before `short_waiting`.
    """

    lane: CaseLane
    number: int
    late: int
    oldest: datetime
    long_waiting: datetime
    middle: datetime
    short_waiting: datetime


def queue_ages(connection: Connection, marketplace_id: str, now: datetime) -> dict[CaseLane, QueueAge]:
    found = {}
    for lane in CaseLane:
        # With the time, so that the database chooses the index that covers all requested columns.
        here = (
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.state == CaseState.OPEN.value,
            review_case.c.lane == lane.value,
            review_case.c.opened_at <= now,
        )
        late = func.coalesce(func.sum(case((review_case.c.due_at <= now, 1), else_=0)), 0)
        number, overdue, first = connection.execute(
            select(func.count(), late, func.min(review_case.c.opened_at)).where(*here)
        ).one()
        if number:
            query = select(review_case.c.opened_at).where(*here).order_by(review_case.c.opened_at).limit(1)
            quarters = [connection.execute(query.offset(int((number - 1) * share))).scalar_one() for share in _QUARTERS]
            found[lane] = QueueAge(lane, number, int(overdue), first, *quarters)
    return found
