"""Complaints about removals, one per removal by any route, and complaints of notifiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, RowMapping, and_, or_, select

from models.labels import AppealState
from models.verdict import ReasonCode
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.appeals.tables import appeal, counter_notice, overturn
from serving.cases.tables import verdict
from serving.listings.tables import listing_version
from serving.notices.tables import notice, notice_complaint, notice_item
from serving.platform.database.scope import columns, inside, same
from serving.takedowns.rules.statement import OverturnCause
from serving.takedowns.tables import action
from serving.transparency.rules.misuse import Complaint, ComplaintOutcome, ComplaintRoute, Decider

_BY_CAUSE: Final[Mapping[OverturnCause, Decider]] = {
    OverturnCause.APPEAL: Decider.PERSON,
    OverturnCause.CONCEDED: Decider.RIGHTS_HOLDER,
    OverturnCause.RETRACTED: Decider.RIGHTS_HOLDER,
    OverturnCause.SILENCE: Decider.DEADLINE,
}


@dataclass(frozen=True, slots=True)
class SellersComplaint:
    """A complaint with its seller, None where the marketplace named none or a notifier made it."""

    seller_external_id: str | None
    complaint: Complaint


def complaints_filed(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> list[SellersComplaint]:
    """Complaints that were first made in [since, until), oldest first.

    The seller's first act is the complaint: an appeal, or an answer in the counter-notice, which is opened for every
    removal.
    """
    query = (
        select(
            action.c.action_id,
            verdict.c.reason_code,
            listing_version.c.seller_external_id,
            appeal.c.known_at.label("appealed_at"),
            appeal.c.state.label("appeal_state"),
            appeal.c.decided_at,
            counter_notice.c.first_answered_at,
            counter_notice.c.state.label("counter_state"),
            counter_notice.c.closed_at,
            overturn.c.cause,
        )
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .outerjoin(appeal, same(appeal, action, "action_id"))
        .outerjoin(counter_notice, same(counter_notice, action, "action_id"))
        .outerjoin(overturn, and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None)))
        .where(
            inside(action, marketplace_id), or_(appeal.c.known_at < until, counter_notice.c.first_answered_at < until)
        )
    )
    filings = [_read_complaint(row) for row in connection.execute(query).mappings()]
    filings += _notifier_complaints(connection, marketplace_id, until)
    filings_in_period = [filing for filing in filings if since <= filing.complaint.filed_at < until]
    return sorted(filings_in_period, key=lambda filing: (filing.complaint.filed_at, filing.complaint.about))


_ENDS: Final[Mapping[AppealState, ComplaintOutcome]] = {
    AppealState.UPHELD: ComplaintOutcome.REVERSED,
    AppealState.DISMISSED: ComplaintOutcome.CONFIRMED,
}


def _notifier_complaints(connection: Connection, marketplace_id: str, until: datetime) -> list[SellersComplaint]:
    """Complaints of notifiers, without a seller."""
    query = (
        select(*columns(notice_complaint, "item_id", "state", "known_at", "decided_at"), notice.c.reason_code)
        .join(notice_item, same(notice_item, notice_complaint, "item_id"))
        .join(notice, same(notice, notice_item, "notice_id"))
        .where(notice_complaint.c.marketplace_id == marketplace_id, notice_complaint.c.known_at < until)
    )
    return [
        SellersComplaint(
            None,
            Complaint(
                row.item_id,
                ComplaintRoute.NOTIFIER,
                ReasonCode(row.reason_code),
                row.known_at,
                _ENDS.get(AppealState(row.state), ComplaintOutcome.OPEN),
                row.decided_at,
                None if row.decided_at is None else Decider.PERSON,
            ),
        )
        for row in connection.execute(query)
    ]


def _read_complaint(row: RowMapping) -> SellersComplaint:
    ways = [(row["first_answered_at"], ComplaintRoute.COUNTER_NOTICE), (row["appealed_at"], ComplaintRoute.APPEAL)]
    filed_at, route = min((way for way in ways if way[0] is not None), key=lambda way: way[0])
    outcome, ended_at, ended_by = _complaint_end(row)
    code = ReasonCode(row["reason_code"] or ReasonCode.TRADEMARK_COUNTERFEIT)
    complaint = Complaint(row["action_id"], route, code, filed_at, outcome, ended_at, ended_by)
    return SellersComplaint(row["seller_external_id"], complaint)


def _complaint_end(row: RowMapping) -> tuple[ComplaintOutcome, datetime | None, Decider | None]:
    if row["appeal_state"] is not None:
        match AppealState(row["appeal_state"]):
            case AppealState.UPHELD:
                return ComplaintOutcome.REVERSED, row["decided_at"], Decider.PERSON
            case AppealState.DISMISSED:
                return ComplaintOutcome.CONFIRMED, row["decided_at"], Decider.PERSON
            case _:
                return ComplaintOutcome.OPEN, None, None
    match CounterNoticeState(row["counter_state"]):
        case CounterNoticeState.UPHELD:
            cause = row["cause"]
            return ComplaintOutcome.REVERSED, row["closed_at"], _BY_CAUSE[OverturnCause(cause)] if cause else None
        case CounterNoticeState.DISMISSED:
            return ComplaintOutcome.CONFIRMED, row["closed_at"], Decider.PERSON
        case CounterNoticeState.LAPSED:
            return ComplaintOutcome.WITHOUT_DECISION, row["closed_at"], Decider.DEADLINE
        case CounterNoticeState.WITHDRAWN:
            return ComplaintOutcome.WITHOUT_DECISION, row["closed_at"], Decider.SELLER
        case _:
            return ComplaintOutcome.OPEN, None, None
