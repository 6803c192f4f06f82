"""Removed listings by seller, for the log of sellers who often list counterfeits."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, func, or_, select

from models.verdict import ReasonCode
from serving.appeals.tables import overturn
from serving.cases.tables import verdict
from serving.listings.tables import listing, listing_version
from serving.platform.database.scope import inside, same
from serving.takedowns.tables import action
from serving.webhooks.rules.action import ActionKind


@dataclass(frozen=True, slots=True)
class RemovedListing:
    """A listing that was removed and not reinstated; `told_at` is when its seller was told."""

    listing_id: str
    reason_code: ReasonCode
    first_known_at: datetime
    told_at: datetime


def removed_by_seller(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> dict[str, list[RemovedListing]]:
    """The removals in [since, until) that were not overturned before `until`, by seller; each listing counts once."""
    query = (
        select(
            listing_version.c.seller_external_id,
            action.c.listing_id,
            verdict.c.reason_code,
            listing.c.first_known_at,
            action.c.acknowledged_at,
        )
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .join(listing, same(listing, action, "listing_id"))
        .outerjoin(
            overturn,
            and_(same(overturn, action, "action_id"), overturn.c.undone_at.is_(None), overturn.c.overturned_at < until),
        )
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.acknowledged_at >= since,
            action.c.acknowledged_at < until,
            listing_version.c.seller_external_id.is_not(None),
            overturn.c.overturn_id.is_(None),
        )
        .order_by(action.c.acknowledged_at, action.c.action_id)
    )
    removed_listings: dict[str, dict[str, RemovedListing]] = defaultdict(dict)
    for row in connection.execute(query):
        code = ReasonCode(row.reason_code or ReasonCode.TRADEMARK_COUNTERFEIT)
        removed_listing = RemovedListing(row.listing_id, code, row.first_known_at, row.acknowledged_at)
        removed_listings[row.seller_external_id].setdefault(row.listing_id, removed_listing)
    return {seller: list(listings.values()) for seller, listings in removed_listings.items()}


def first_told_at(connection: Connection, marketplace_id: str, *, until: datetime) -> dict[str, datetime]:
    """The time of the first removal that each seller was told of, overturned or not, before a moment."""
    query = (
        select(listing_version.c.seller_external_id, func.min(action.c.acknowledged_at).label("told_at"))
        .select_from(action)
        .join(verdict, same(verdict, action, "verdict_id"))
        .join(listing_version, same(listing_version, verdict, "version_id"))
        .where(
            inside(action, marketplace_id, kind=ActionKind.REMOVE.value),
            action.c.acknowledged_at < until,
            listing_version.c.seller_external_id.is_not(None),
        )
        .group_by(listing_version.c.seller_external_id)
    )
    return {row.seller_external_id: row.told_at for row in connection.execute(query)}


def listings_by_seller(
    connection: Connection, marketplace_id: str, *, since: datetime, until: datetime
) -> dict[str, int]:
    """The number of listings that were added, changed or removed in [since, until), by seller."""
    removed = and_(action.c.acknowledged_at >= since, action.c.acknowledged_at < until)
    query = (
        select(
            listing_version.c.seller_external_id,
            func.count(func.distinct(listing_version.c.listing_id)).label("listings"),
        )
        .outerjoin(action, and_(same(action, listing_version, "listing_id"), removed))
        .where(
            listing_version.c.marketplace_id == marketplace_id,
            listing_version.c.seller_external_id.is_not(None),
            listing_version.c.known_at < until,
            or_(listing_version.c.known_at >= since, action.c.action_id.is_not(None)),
        )
        .group_by(listing_version.c.seller_external_id)
    )
    return {row.seller_external_id: row.listings for row in connection.execute(query)}
