"""The removals that count against budgets, and those of a record."""

from datetime import date, datetime

from sqlalchemy import Connection, String, func, select

from serving.cases.tables import verdict
from serving.platform.database.scope import inside, same
from serving.takedowns.store.approvals import Pacer
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState

_NOT_SENT = (ActionState.WITHDRAWN.value, ActionState.PENDING_APPROVAL.value)


def removals_per_day(
    connection: Connection, marketplace_id: str, pacer: Pacer, period: tuple[datetime, datetime]
) -> dict[date, int]:
    """The removals of each day (UTC) of a period, the end excluded, that were not withdrawn, pending or overturned.

    Those that were approved count too: two people have looked at them.
    """
    start, end = period
    later = action.alias("later")
    overturned = select(later.c.action_id).where(
        same(later, action, "listing_id"),
        later.c.kind == ActionKind.REINSTATE.value,
        later.c.sequence > action.c.sequence,
        later.c.state.not_in(_NOT_SENT),
    )
    day = (
        func.substr(action.c.created_at, 1, 10, type_=String)
        if connection.dialect.name == "sqlite"
        else func.to_char(func.timezone("UTC", action.c.created_at), "YYYY-MM-DD", type_=String)
    ).label("day")
    query = (
        select(day, func.count().label("n"))
        .select_from(action)
        .join(verdict, same(action, verdict, "verdict_id"))
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.state.not_in(_NOT_SENT),
            action.c.created_at >= start,
            action.c.created_at < end,
            ~overturned.exists(),
            pacer.condition,
        )
        .group_by(day)
    )
    return {date.fromisoformat(row.day): row.n for row in connection.execute(query)}
