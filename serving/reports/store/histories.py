"""What happened to the listings of a report after it was decided: removals, objections, reinstatements, rejections."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, and_, select

from models.verdict import Judgement, Side
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.cases.store.verdicts import STANDS
from serving.cases.tables import verdict
from serving.platform.database.scope import inside, same
from serving.reports.store.reports import StoredReport
from serving.reports.tables import report_item
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind


def removals(connection: Connection, stored_report: StoredReport) -> Sequence[Any]:
    """The removals of the cases of a report, oldest first, each with the objection to it and its overturn in force."""
    query = (
        select(
            report_item.c.number,
            action.c.state,
            action.c.created_at,
            action.c.acknowledged_at,
            appeal.c.state.label("appeal_state"),
            appeal.c.known_at.label("appealed_at"),
            appeal.c.decided_at,
            counter_notice.c.state.label("counter_state"),
            counter_notice.c.first_answered_at,
            counter_notice.c.closed_at,
            overturn.c.cause,
            overturn.c.overturned_at,
        )
        .join(verdict, same(verdict, report_item, "case_id"))
        .join(action, same(action, verdict, "verdict_id"))
        .outerjoin(appeal, same(appeal, action, "action_id"))
        .outerjoin(counter_notice, same(counter_notice, action, "action_id"))
        .outerjoin(overturn, and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None)))
        .where(
            inside(report_item, stored_report.marketplace_id, report_id=stored_report.report_id),
            action.c.kind == ActionKind.REMOVE.value,
        )
        .order_by(action.c.created_at, action.c.action_id)
    )
    return connection.execute(query).all()


def rejections(connection: Connection, stored_report: StoredReport) -> Sequence[Any]:
    """The standing judgements of analysts that a listing of a report stays, oldest first."""
    query = (
        select(report_item.c.number, verdict.c.judgement, verdict.c.known_at)
        .join(verdict, same(verdict, report_item, "case_id"))
        .where(
            inside(report_item, stored_report.marketplace_id, report_id=stored_report.report_id),
            verdict.c.side == Side.ANALYST.value,
            verdict.c.judgement != Judgement.COUNTERFEIT.value,
            STANDS,
        )
        .order_by(verdict.c.known_at, verdict.c.verdict_id)
    )
    return connection.execute(query).all()
