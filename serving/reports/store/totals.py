"""The numbers of reported listings of one marketplace."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from serving.platform.database.scope import inside
from serving.reports.rules.outcomes import AT_FIRST, Result
from serving.reports.tables import report_item, report_outcome


@dataclass(frozen=True, slots=True)
class Totals:
    """The reported listings, and those by first result, zeros included."""

    items: int
    first: dict[Result, int]


def totals(connection: Connection, marketplace_id: str) -> Totals:
    """All reported listings; `items` exceeds the sum of `first` while a report is being decided."""
    here = marketplace_id
    items = connection.execute(select(func.count()).where(inside(report_item, here))).scalar_one()
    query = (
        select(report_outcome.c.result, func.count().label("n"))
        .where(inside(report_outcome, here, step=0))
        .group_by(report_outcome.c.result)
    )
    first = {Result(row.result): row.n for row in connection.execute(query)}
    return Totals(items, {one: first.get(one, 0) for one in AT_FIRST})
