"""Decisions on notified listings that the notifier has not been mailed yet."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, or_, select, update

from serving.notices.rules.notices import FINAL_AT_ONCE, ItemState, ReporterKind
from serving.notices.tables import notice, notice_item, reporter
from serving.platform.database.scope import same


def untold(connection: Connection, final_before: datetime, most: int) -> list[tuple[str, str, str]]:
    """(marketplace, notice, item) of final decisions that the notifier can be mailed and has not, the oldest first.

    `final_before` is the moment before which decisions can no longer be undone. Strangers are mailed once they have
    confirmed that the address is theirs.
    """
    item, by = notice_item.c, reporter.c
    final = or_(
        (item.state == ItemState.DECIDED.value) & (item.decided_at <= final_before),
        (item.state == ItemState.DECIDED.value) & item.outcome.in_([one.value for one in FINAL_AT_ONCE]),
        item.state.in_([one.value for one in (ItemState.UNKNOWN_LISTING, ItemState.REPEATED, ItemState.MUTED)]),
    )
    known = or_(by.kind != ReporterKind.UNREGISTERED.value, notice.c.confirmed_at.is_not(None))
    query = (
        select(item.marketplace_id, item.notice_id, item.item_id)
        .join(notice, same(notice, notice_item, "notice_id"))
        .join(reporter, same(reporter, notice, "reporter_id"))
        .where(item.told_at.is_(None), final, known, by.email.is_not(None), by.erased_at.is_(None))
        .order_by(item.decided_at, item.item_id)
        .limit(most)
    )
    return [(row.marketplace_id, row.notice_id, row.item_id) for row in connection.execute(query)]


def set_told(connection: Connection, marketplace_id: str, item_ids: Collection[str], at: datetime) -> None:
    """Record that the notifier of these listings was mailed the decisions."""
    these = (notice_item.c.marketplace_id == marketplace_id, notice_item.c.item_id.in_(set(item_ids)))
    connection.execute(update(notice_item).where(*these).values(told_at=at))
