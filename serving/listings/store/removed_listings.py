"""Removed listings without a reinstatement, for the relist watch."""

from collections.abc import Collection
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, func, or_, select

from serving.listings.matching import WatchedRemoval
from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import inside, same
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind, ActionState

_MOST: Final = 1_000


def find(
    connection: Connection, marketplace_id: str, *, listings: Collection[str], sellers: Collection[str], since: datetime
) -> list[WatchedRemoval]:
    """Removed listings among these ids or of these sellers, whose removal was sent since a moment.

    The newest come first, at most a thousand.
    """
    later = action.alias("later")
    given_back = select(later.c.action_id).where(
        same(later, action, "listing_id"),
        later.c.sequence > action.c.sequence,
        later.c.state != ActionState.WITHDRAWN.value,
    )
    removed_at = func.coalesce(action.c.acknowledged_at, action.c.sent_at, type_=action.c.sent_at.type)
    query = (
        select(listing.c.external_id, listing.c.seller_external_id, listing_version.c.brand_id, removed_at)
        .join(listing, same(listing, action, "listing_id"))
        .join(listing_version, same(listing_version, listing, "version_id"))
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.sent_at > since,
            ~given_back.exists(),
            or_(listing.c.external_id.in_(listings), listing.c.seller_external_id.in_(sellers)),
        )
        .order_by(action.c.sent_at.desc())
        .limit(_MOST)
    )
    return [WatchedRemoval(*row) for row in connection.execute(query)]
