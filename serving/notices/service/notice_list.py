"""Notices for the marketplace: the recipient of a receipt or a decision, and the message."""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.message import Message
from models.messages.english import fields_in_english, in_english
from models.policies.deciding import EnforcementPolicy
from serving.marketplaces.store.marketplaces import Marketplace
from serving.notices.rules.decision_notice import RECEIPT
from serving.notices.rules.notices import ReporterKind
from serving.notices.rules.reporters import WARNING
from serving.notices.service.notice_decisions import notifier_message
from serving.notices.service.notice_links import confirmation_link, notice_link
from serving.notices.store import notices, reporters
from serving.notices.store.notices import NoticeItem, StoredNotice
from serving.notices.store.reporters import Reporter
from serving.notices.store.untold import changed_since
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime

_MOST: Final = 500


def warning_of_notice(notice: StoredNotice, reporter: Reporter) -> Message | None:
    """The warning that a notice caused; None where it caused none."""
    return WARNING if reporter.warned_at == notice.known_at else None


def changed_notices(
    runtime: Runtime, marketplace: Marketplace, since: datetime, after: str | None = None
) -> dict[str, Any]:
    """Notices received or decided since a moment, with address, link and the message about each listing.

    Name and address are null once they are erased: then there is no recipient.
    """
    window = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    with runtime.store.read() as connection:
        latest_notices = changed_since(connection, marketplace.marketplace_id, since, window, _MOST + 1, after)
        page, following = cut(latest_notices, _MOST, lambda notice: notice.notice_id)
        shown = [_notice_as_json(runtime, connection, notice) for notice in page]
    return {"notices": shown, "truncated": following is not None, "next": following}


def _notice_as_json(runtime: Runtime, connection: Connection, notice: StoredNotice) -> dict[str, Any]:
    marketplace_id = notice.marketplace_id
    reporter = reporters.get(connection, marketplace_id, notice.reporter_id)
    warned = warning_of_notice(notice, reporter)
    return {
        "notice_id": notice.notice_id,
        "received_at": notice.known_at.isoformat(),
        "name": reporter.name,
        "email": reporter.email,
        "reason_code": notice.reason_code.value,
        "receipt": in_english(RECEIPT),
        "warning": None if warned is None else in_english(warned),
        "link": None if reporter.erased_at else notice_link(runtime, marketplace_id, notice.notice_id),
        "confirm_link": confirmation_link(runtime, marketplace_id, notice.notice_id)
        if _is_unconfirmed(notice, reporter)
        else None,
        "listings": [
            _listing_as_json(runtime, connection, notice_item)
            for notice_item in notices.items_of_notice(connection, marketplace_id, notice.notice_id)
        ],
    }


def _is_unconfirmed(notice: StoredNotice, reporter: Reporter) -> bool:
    stranger = reporter.kind is ReporterKind.UNREGISTERED
    return stranger and notice.confirmed_at is None and reporter.erased_at is None


def _listing_as_json(runtime: Runtime, connection: Connection, notice_item: NoticeItem) -> dict[str, Any]:
    decision = notifier_message(runtime, connection, notice_item)
    return {
        "location": notice_item.location,
        "state": notice_item.state.value,
        "outcome": notice_item.outcome.value if decision is not None and notice_item.outcome else None,
        "decision": None if decision is None else fields_in_english(decision),
        "decided_at": notice_item.decided_at.isoformat() if decision is not None and notice_item.decided_at else None,
    }
