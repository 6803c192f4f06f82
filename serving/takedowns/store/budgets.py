"""The removals that count against budgets, and those of a record."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select, true
from sqlalchemy.sql.selectable import Select

from models.verdict import Side
from serving.cases.tables import review_case, verdict
from serving.platform.database.scope import inside, same
from serving.platform.database.types import day_of
from serving.takedowns.rules.budgets import DAY, WEEK
from serving.takedowns.store.approvals import NOT_SENT, OVERTURNED, Pacer
from serving.takedowns.tables import action, removal_approval
from serving.webhooks.rules.action import ActionKind, ActionState

# Not an equality, for which the engines would read all removals by an index of the kind. A verdict is as old as its
# removal, so that its indices by person and brand find the few of the period.
_REMOVES: Final = action.c.kind != ActionKind.REINSTATE.value
_CHOSEN: Final = (
    select(review_case.c.case_id)
    .where(same(review_case, verdict, "case_id"), review_case.c.opened_by.is_not(None))
    .exists()
)


def by_analyst(same_person: Collection[str], *, routed: bool) -> Pacer:
    """Removals that an analyst's accounts requested, of cases that somebody else opened or of those by choice."""
    own = and_(verdict.c.user_id.in_(same_person), verdict.c.side == Side.ANALYST.value)
    return Pacer(and_(own, ~_CHOSEN if routed else _CHOSEN))


def removal_usage(
    connection: Connection,
    marketplace_id: str,
    person: Pacer,
    accounts: Collection[str],
    brand_id: str | None,
    at: datetime,
    *,
    stepped_up: bool,
) -> tuple[int, ...]:
    """The removals without a hold that stand: of a person in 24 hours and seven days, of the brand in 24 hours with
    those of step-ups, and of the marketplace in 24 hours, with them if `stepped_up`.

    `accounts` are those that request removals of `person`. `brand_id` is None where no brand's people confirm.
    """
    of_brand: ColumnElement[bool] = false() if brand_id is None else verdict.c.brand_id == brand_id
    today, ordinary = action.c.created_at > at - DAY, action.c.stepped_up.is_(False)

    def number(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count(case((and_(*conditions), 1)))

    of_all = (
        _unapproved_removals(marketplace_id, func.count())
        .where(today, true() if stepped_up else ordinary)
        .scalar_subquery()
    )
    query = (
        _unapproved_removals(
            marketplace_id, number(person.condition, today), number(person.condition), number(of_brand, today), of_all
        )
        .join(verdict, same(action, verdict, "verdict_id"))
        .where(verdict.c.known_at > at - WEEK, or_(verdict.c.user_id.in_(accounts), of_brand))
    )
    return tuple(connection.execute(query).one())


def removals_of_brand(connection: Connection, marketplace_id: str, brand_id: str, at: datetime) -> int:
    """The removals of a brand in 24 hours without a hold that stand."""
    query = _unapproved_removals(marketplace_id, func.count()).join(verdict, same(action, verdict, "verdict_id"))
    own = verdict.c.brand_id == brand_id, verdict.c.known_at > at - DAY
    return int(connection.execute(query.where(*own)).scalar_one())


def _unapproved_removals(marketplace_id: str, *what: Any) -> Select[Any]:
    return (
        select(*what)
        .select_from(action)
        .outerjoin(removal_approval, same(action, removal_approval, "action_id"))
        .where(
            inside(action, marketplace_id),
            _REMOVES,
            action.c.state != ActionState.WITHDRAWN.value,
            removal_approval.c.action_id.is_(None),
        )
    )


def removals_per_day(
    connection: Connection, marketplace_id: str, pacer: Pacer | None, period: tuple[datetime, datetime]
) -> dict[date, int]:
    """The removals of each day (UTC) of a period, the end excluded, that were not withdrawn, pending or overturned.

    Those that were approved count too: two people have looked at them. Without a pacer they are the marketplace's.
    """
    start, end = period
    created = action.c.created_at if pacer is None else verdict.c.known_at
    day = day_of(connection, created).label("day")
    query = select(day, func.count().label("n")).select_from(action).group_by(day)
    query = query.where(
        inside(action, marketplace_id),
        _REMOVES,
        action.c.state.not_in(NOT_SENT),
        created >= start,
        created < end,
        ~OVERTURNED,
    )
    if pacer is not None:
        query = query.join(verdict, same(action, verdict, "verdict_id")).where(pacer.condition)
    return {date.fromisoformat(row.day): row.n for row in connection.execute(query)}
