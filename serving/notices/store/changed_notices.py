"""Notices whose notifiers are to be told something, for the marketplace to read."""

from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from serving.appeals.tables import overturn
from serving.notices.store.notices import StoredNotice, stored_notice
from serving.notices.tables import notice, notice_item
from serving.platform.database.pages import page
from serving.platform.database.scope import inside, same
from serving.takedowns.tables import action


def changed_since(
    connection: Connection, marketplace_id: str, since: datetime, window: timedelta, most: int, after: str | None
) -> list[StoredNotice]:
    """Notices that arrived at or after a moment, or whose message to the notifier changed since, the oldest first.

    With `after`, those behind this notice.

    The notifier learns of a decision once its undo window has passed, and of a removal pending approval once it is
    approved. The notifier learns of an undone removal at the undo.
    """
    decided = (
        select(notice_item.c.notice_id)
        .outerjoin(action, same(action, notice_item, "action_id"))
        .outerjoin(overturn, same(overturn, notice_item, "action_id") & overturn.c.undone_at.is_(None))
        .where(
            notice_item.c.marketplace_id == marketplace_id,
            or_(
                notice_item.c.decided_at >= since - window,
                action.c.leaves_at >= since,
                overturn.c.overturned_at >= since,
            ),
        )
    )
    changed = or_(notice.c.known_at >= since, notice.c.notice_id.in_(decided))
    query = select(notice).where(inside(notice, marketplace_id), changed)
    query = page(connection, query, {marketplace_id}, after, notice.c.known_at, notice.c.notice_id).limit(most)
    return [stored_notice(row) for row in connection.execute(query).mappings()]
