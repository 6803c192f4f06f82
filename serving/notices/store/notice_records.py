"""Results of notices: by reporter for its record, and one by one for the figures."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from models.labels import AppealState
from models.verdict import Judgement, ReasonCode
from serving.appeals.tables import overturn
from serving.cases.tables import verdict
from serving.notices.rules.notice_counts import NotifiedOutcome
from serving.notices.rules.notices import ItemState, NoticeOutcome, was_founded
from serving.notices.rules.reporters import CountedNotice
from serving.notices.tables import notice, notice_complaint, notice_item, reporter
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import columns, inside, same


def counted_notices(connection: Connection, marketplace_id: str, reporter_id: str) -> list[CountedNotice]:
    """The results of a reporter's notices that count for or against it, in the order of time."""
    query = (
        select(*columns(notice_item, "known_at", "decided_at", "outcome"), verdict.c.judgement, overturn.c.overturn_id)
        .join(notice, same(notice, notice_item, "notice_id"))
        .outerjoin(verdict, same(verdict, notice_item, "verdict_id"))
        .outerjoin(overturn, same(overturn, notice_item, "action_id") & overturn.c.undone_at.is_(None))
        .where(inside(notice, marketplace_id, reporter_id=reporter_id), notice_item.c.state == ItemState.DECIDED.value)
        .order_by(notice_item.c.decided_at, notice_item.c.item_id)
    )
    ended_notices = []
    for row in connection.execute(query):
        founded = _was_founded(row)
        if founded is not None:
            ended_notices.append(CountedNotice(row.known_at, row.decided_at, founded))
    return ended_notices


def _was_founded(row: Any) -> bool | None:
    judgement = None if row.judgement is None else Judgement(row.judgement)
    invalid = row.outcome == NoticeOutcome.INVALID.value
    return was_founded(judgement, overturned=row.overturn_id is not None, invalid=invalid)


def notified_between(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> list[NotifiedOutcome]:
    """The listings notified in [since, until), each with its result by now."""
    query = (
        select(
            notice.c.reason_code,
            reporter.c.kind,
            notice_item.c.known_at.label("received_at"),
            notice_item.c.state,
            notice_item.c.outcome,
            func.coalesce(notice_complaint.c.previous_outcome, notice_item.c.outcome).label("first_outcome"),
            func.coalesce(notice_complaint.c.previous_decided_at, notice_item.c.decided_at).label("first_decided_at"),
            notice_item.c.decided_at,
            func.coalesce(notice_complaint.c.state, AppealState.NONE.value).label("complaint"),
            notice_complaint.c.known_at.label("complained_at"),
        )
        .select_from(notice_item)
        .join(notice, same(notice, notice_item, "notice_id"))
        .join(reporter, same(reporter, notice, "reporter_id"))
        .outerjoin(notice_complaint, same(notice_complaint, notice_item, "item_id"))
        .where(inside(notice_item, marketplace_id), notice_item.c.known_at >= since, notice_item.c.known_at < until)
        .order_by(notice_item.c.known_at, notice_item.c.item_id)
    )
    return reader(NotifiedOutcome).all(connection, query)


def record_of_reporters(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> dict[tuple[str, datetime | None], list[tuple[CountedNotice, ReasonCode]]]:
    """The decisions in [since, until) on each reporter's notices, by reporter id and time of its warning."""
    query = (
        select(
            notice.c.reporter_id,
            reporter.c.warned_at,
            notice.c.reason_code,
            *columns(notice_item, "known_at", "decided_at", "outcome"),
            verdict.c.judgement,
            overturn.c.overturn_id,
        )
        .select_from(notice_item)
        .join(notice, same(notice, notice_item, "notice_id"))
        .join(reporter, same(reporter, notice, "reporter_id"))
        .outerjoin(verdict, same(verdict, notice_item, "verdict_id"))
        .outerjoin(
            overturn,
            same(overturn, notice_item, "action_id")
            & overturn.c.undone_at.is_(None)
            & (overturn.c.overturned_at < until),
        )
        .where(
            inside(notice_item, marketplace_id, state=ItemState.DECIDED.value),
            notice_item.c.decided_at >= since,
            notice_item.c.decided_at < until,
        )
        .order_by(notice_item.c.decided_at, notice_item.c.item_id)
    )
    decisions_by_reporter: dict[tuple[str, datetime | None], list[tuple[CountedNotice, ReasonCode]]] = {}
    for row in connection.execute(query):
        founded = _was_founded(row)
        if founded is not None:
            warned_at = row.warned_at if row.warned_at is not None and row.warned_at < until else None
            ended_ = CountedNotice(row.known_at, row.decided_at, founded)
            decisions_by_reporter.setdefault((row.reporter_id, warned_at), []).append(
                (ended_, ReasonCode(row.reason_code))
            )
    return decisions_by_reporter
