"""The position of a case in its queue, the sizes of queues, and the next case.

The waiting times of open cases, by lane; counted from an index alone.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, case, exists, false, func, literal, or_, select, true, union_all
from sqlalchemy.sql.selectable import ScalarSelect, Select

from models.case import BLIND_LANES, CaseLane, CaseState
from serving.cases.store.cases import Case
from serving.cases.store.queues import QueueFilter, is_open_to, queue_conditions
from serving.cases.tables import case_assignment, review_case
from serving.platform.database.scope import inside, same

_COSTLIEST_FIRST: Final = (review_case.c.priority.desc(), review_case.c.case_id)

COUNTED_TO: Final = 10_000
# Every case page shows its position. Beyond this limit a position is of no use and PostgreSQL counts too long.
PLACED_TO: Final = 1_000


@dataclass(frozen=True, slots=True)
class Neighbours:
    """A case's place in a queue, counted from 1, and the cases beside it; None at the ends and outside the queue.

    Both counts end at `PLACED_TO`: a place beyond is None, and `size` is one more.
    """

    place: int | None
    size: int
    before: str | None
    after: str | None


def neighbours(connection: Connection, queue_filter: QueueFilter, case: Case) -> Neighbours:
    ids, inside = _case_ids(queue_filter), case.state is CaseState.OPEN and _contains(connection, queue_filter, case)
    before = ids.where(*_ahead_of(case)).order_by(review_case.c.priority, review_case.c.case_id.desc())
    after = ids.where(*_behind(case)).order_by(*_COSTLIEST_FIRST)
    ahead = (
        connection.execute(select(_capped_count(ids.where(*_ahead_of(case)), PLACED_TO))).scalar_one() if inside else 0
    )
    return Neighbours(
        ahead + 1 if inside and ahead < PLACED_TO else None,
        queue_size(connection, queue_filter, most=PLACED_TO),
        connection.execute(before.limit(1)).scalar() if inside else None,
        connection.execute(after.limit(1)).scalar(),
    )


def queue_size(connection: Connection, queue_filter: QueueFilter, *, most: int = COUNTED_TO) -> int:
    """The number of cases in a queue, at most `most` + 1."""
    sizes = [_capped_count(_case_ids(part), most) for part in _split_blind_lanes(queue_filter)]
    size: int = connection.execute(select(sum(sizes[1:], sizes[0]))).scalar_one()
    return min(size, most + 1)


def _split_blind_lanes(queue_filter: QueueFilter) -> list[QueueFilter]:
    """The queue's blind lanes apart from the others.

    To ask of each case whether it is open to a person hides from PostgreSQL's planner what an index would gain.
    """
    if not queue_filter.lanes or queue_filter.person is None:
        return [queue_filter]
    blind = tuple(lane for lane in queue_filter.lanes if lane in BLIND_LANES)
    others = tuple(lane for lane in queue_filter.lanes if lane not in BLIND_LANES)
    return [replace(queue_filter, lanes=other) for other in (others, blind) if other]


def lane_sizes(
    connection: Connection, marketplaces: Collection[str], lanes: Collection[CaseLane], alike: Collection[str]
) -> dict[CaseLane | None, int]:
    """The number of cases in each lane for a person, each at most `COUNTED_TO` + 1; under None those of masked lane.

    `alike` are the accounts that count as this person.
    """
    conditions = review_case.c.marketplace_id.in_(sorted(marketplaces)), review_case.c.state == CaseState.OPEN.value
    counts = []
    for lane in lanes:
        mine = [is_open_to(alike)] if lane in BLIND_LANES else []
        shown = review_case.c.lane == lane.value, review_case.c.score_masked.is_(false())
        cases = select(review_case.c.lane).where(*conditions, *shown, *mine).limit(COUNTED_TO + 1)
        counts.append(select(literal(lane.value).label("lane"), func.count().label("n")).select_from(cases.subquery()))
    masked = review_case.c.score_masked.is_(true()), review_case.c.lane.in_([lane.value for lane in lanes])
    cases = select(review_case.c.lane).where(*conditions, *masked).limit(COUNTED_TO + 1)
    counts.append(select(literal("").label("lane"), func.count().label("n")).select_from(cases.subquery()))
    rows = connection.execute(union_all(*counts))
    return {CaseLane(row.lane) if row.lane else None: row.n for row in rows}


def _capped_count(ids: Select[str], most: int) -> ScalarSelect[int]:
    return select(func.count()).select_from(ids.limit(most + 1).subquery()).scalar_subquery()


def _contains(connection: Connection, queue_filter: QueueFilter, case: Case) -> bool:
    itself = review_case.c.marketplace_id == case.marketplace_id, review_case.c.case_id == case.case_id
    return connection.execute(_case_ids(queue_filter).where(*itself)).first() is not None


def next_free(
    connection: Connection,
    queue_filter: QueueFilter,
    case: Case,
    *,
    user_id: str,
    at: datetime,
    besides: Collection[str] = (),
) -> str | None:
    """The next free case below this one by expected harm; None at the end of the queue, which is not begun again.

    A case assigned to this person keeps its place, and one assigned to somebody else is skipped. A free case is not
    leased by another person. `besides` are cases to skip, because their answers are in transit.
    """
    free = or_(
        review_case.c.leased_until.is_(None), review_case.c.leased_until <= at, review_case.c.leased_by == user_id
    )
    to_others = exists().where(
        same(case_assignment, review_case, "case_id"),
        case_assignment.c.until > at,
        case_assignment.c.user_id != user_id,
    )
    ids = _case_ids(queue_filter).where(
        free, ~to_others, review_case.c.case_id.not_in([case.case_id, *besides]), *_behind(case)
    )
    return connection.execute(ids.order_by(*_COSTLIEST_FIRST).limit(1)).scalar()


def _case_ids(queue_filter: QueueFilter) -> Select[str]:
    return select(review_case.c.case_id).where(*queue_conditions(queue_filter))


def _ahead_of(case: Case) -> tuple[ColumnElement[bool], ...]:
    higher, same = review_case.c.priority > case.priority, review_case.c.case_id < case.case_id
    return review_case.c.priority >= case.priority, or_(higher, same)


def _behind(case: Case) -> tuple[ColumnElement[bool], ...]:
    lower, same = review_case.c.priority < case.priority, review_case.c.case_id > case.case_id
    return review_case.c.priority <= case.priority, or_(lower, same)


def replacement_of(connection: Connection, marketplace_id: str, case_id: str) -> str | None:
    """The case that replaced a case after a change of its listing or an appeal against its removal, if any."""
    query = (
        select(review_case.c.case_id)
        .where(inside(review_case, marketplace_id, follows_case_id=case_id))
        .order_by(review_case.c.opened_at.desc(), review_case.c.case_id.desc())
    )
    return connection.execute(query.limit(1)).scalar()


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
    ages = {}
    for lane in CaseLane:
        # With the time, so that the database chooses the index that covers all requested columns.
        conditions = (
            review_case.c.marketplace_id == marketplace_id,
            review_case.c.state == CaseState.OPEN.value,
            review_case.c.lane == lane.value,
            review_case.c.opened_at <= now,
        )
        late = func.coalesce(func.sum(case((review_case.c.due_at <= now, 1), else_=0)), 0)
        number, overdue, first = connection.execute(
            select(func.count(), late, func.min(review_case.c.opened_at)).where(*conditions)
        ).one()
        if number:
            query = select(review_case.c.opened_at).where(*conditions).order_by(review_case.c.opened_at).limit(1)
            quarters = [connection.execute(query.offset(int((number - 1) * share))).scalar_one() for share in _QUARTERS]
            ages[lane] = QueueAge(lane, number, int(overdue), first, *quarters)
    return ages
