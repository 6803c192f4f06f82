"""Complaints of notifiers that a listing stays, at most one for each notified listing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, update

from models.labels import AppealState
from serving.appeals.rules.appeals import AppealRecord
from serving.notices.rules.notices import NoticeOutcome
from serving.notices.tables import notice, notice_complaint, notice_item
from serving.platform.database.fast.door import KeyedQuery
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import HERE, inside, same
from serving.platform.database.series import read_once
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class NoticeComplaint:
    marketplace_id: str
    complaint_id: str
    item_id: str
    case_id: str
    previous_verdict_id: str | None
    previous_outcome: NoticeOutcome
    previous_decided_at: datetime
    statement: str
    state: AppealState
    verdict_id: str | None
    known_at: datetime
    decided_at: datetime | None


_COMPLAINTS: Final = select(notice_complaint).order_by(notice_complaint.c.known_at)
_OF_CASE: Final = KeyedQuery(_COMPLAINTS.where(inside(notice_complaint, HERE, case_id=bindparam("case"))))


def add_complaint(connection: Connection, row: Mapping[str, Any]) -> None:
    """Insert an open complaint."""
    add(connection, notice_complaint, [row])


def of_item(connection: Connection, marketplace_id: str, item_id: str) -> NoticeComplaint | None:
    """The complaint about a notified listing."""
    of_listing = inside(notice_complaint, marketplace_id, item_id=item_id)
    complaints = reader(NoticeComplaint).all(connection, _COMPLAINTS.where(of_listing))
    return complaints[0] if complaints else None


@read_once(notice_complaint)
def of_case(connection: Connection, marketplace_id: str, case_id: str) -> list[NoticeComplaint]:
    parameters = {"here": marketplace_id, "case": case_id}
    return reader(NoticeComplaint).all(connection, _OF_CASE, parameters)


def found_invalid_by(connection: Connection, marketplace_id: str, case_ids: Collection[str]) -> dict[str, set[str]]:
    """The people whose finding that a notice is invalid these cases review, by case."""
    query = (
        select(notice_complaint.c.case_id, notice_item.c.invalid_by)
        .join(notice_item, same(notice_item, notice_complaint, "item_id"))
        .where(
            inside(notice_complaint, marketplace_id),
            notice_complaint.c.case_id.in_(case_ids),
            notice_item.c.invalid_by.is_not(None),
        )
    )
    people_by_case: dict[str, set[str]] = {}
    for row in connection.execute(query):
        people_by_case.setdefault(row.case_id, set()).add(row.invalid_by)
    return people_by_case


def is_contested(connection: Connection, marketplace_id: str, case_id: str) -> bool:
    """Whether an open complaint belongs to a case, in any lane."""
    return any(complaint.state is AppealState.OPEN for complaint in of_case(connection, marketplace_id, case_id))


def settle_complaint(
    connection: Connection, complaint: NoticeComplaint, state: AppealState, values: Mapping[str, Any]
) -> None:
    """End a complaint, or open it again; the caller holds its case."""
    connection.execute(
        update(notice_complaint)
        .where(inside(notice_complaint, complaint.marketplace_id, complaint_id=complaint.complaint_id))
        .values(state=state.value, **values)
    )


def record_of(connection: Connection, marketplace_id: str, reporter_id: str, since: datetime) -> AppealRecord:
    """The results of a reporter's decided complaints since a moment."""
    query = (
        select(notice_complaint.c.state, func.count().label("n"))
        .join(notice_item, same(notice_item, notice_complaint, "item_id"))
        .join(notice, same(notice, notice_item, "notice_id"))
        .where(inside(notice, marketplace_id, reporter_id=reporter_id), notice_complaint.c.decided_at >= since)
        .group_by(notice_complaint.c.state)
    )
    counts = {row.state: row.n for row in connection.execute(query)}
    return AppealRecord(counts.get(AppealState.UPHELD.value, 0), counts.get(AppealState.DISMISSED.value, 0))
