"""Expired data by class, never of sellers under legal hold, and the time of the last complete search."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select, update

from serving.appeals.tables import appeal, counter_notice
from serving.cases.tables import review_case, test_buy
from serving.listings.tables import listing
from serving.platform.database.scope import inside, same
from serving.platform.database.store import insert_or_ignore
from serving.privacy.rules.erasure import ErasableData
from serving.privacy.store import personal
from serving.privacy.tables import legal_hold, retention_check
from serving.takedowns.tables import action


def last_search(connection: Connection, marketplace_id: str) -> datetime | None:
    """When a search for expired data last found nothing left."""
    query = select(retention_check.c.looked_at).where(retention_check.c.marketplace_id == marketplace_id)
    last_look: datetime | None = connection.execute(query).scalar()
    return last_look


def record_search(connection: Connection, marketplace_id: str, at: datetime) -> None:
    """Record that no expired data is left."""
    row = {"marketplace_id": marketplace_id, "looked_at": at}
    connection.execute(insert_or_ignore(connection, retention_check).values(row))
    connection.execute(update(retention_check).where(inside(retention_check, marketplace_id)).values(looked_at=at))


def expired_removals(
    connection: Connection,
    marketplace_id: str,
    what: ErasableData,
    *,
    cutoff: datetime,
    open_until: datetime,
    most: int,
) -> list[str]:
    """Removals with remaining data of a class, notified before `cutoff`, with no complaint open or possible.

    `open_until`: the time to complain is over for sellers notified at or before this moment.
    """
    disputed = (
        exists().where(
            inside(appeal, marketplace_id), appeal.c.action_id == action.c.action_id, appeal.c.state == "open"
        ),
        exists().where(
            counter_notice.c.marketplace_id == marketplace_id,
            counter_notice.c.action_id == action.c.action_id,
            counter_notice.c.closed_at.is_(None),
        ),
    )
    query = (
        select(action.c.action_id)
        .join(listing, same(listing, action, "listing_id"))
        .where(
            inside(action, marketplace_id, kind="remove"),
            or_(
                (action.c.state == "acknowledged")
                & (action.c.acknowledged_at <= cutoff)
                & (action.c.acknowledged_at <= open_until),
                (action.c.state == "withdrawn") & (action.c.created_at <= cutoff),
            ),
            *(~condition for condition in disputed),
            _is_under_no_hold(marketplace_id, listing.c.seller_external_id),
        )
        .order_by(action.c.created_at, action.c.action_id)
    )
    return personal.subjects_of(connection, marketplace_id, what, query, most=most)


def expired_test_buys(
    connection: Connection, marketplace_id: str, *, closed: datetime, open_until: datetime, most: int
) -> list[str]:
    """Test buys that ended before `closed` and support no removal about which a complaint is possible."""
    proves = exists().where(
        action.c.marketplace_id == marketplace_id,
        action.c.listing_id == review_case.c.listing_id,
        action.c.kind == "remove",
        action.c.state != "withdrawn",
        or_(action.c.acknowledged_at.is_(None), action.c.acknowledged_at > open_until),
    )
    disputed = exists().where(
        counter_notice.c.marketplace_id == marketplace_id,
        counter_notice.c.listing_id == review_case.c.listing_id,
        counter_notice.c.closed_at.is_(None),
    )
    appealed = exists().where(
        inside(appeal, marketplace_id), appeal.c.listing_id == review_case.c.listing_id, appeal.c.state == "open"
    )
    query = (
        select(test_buy.c.test_buy_id)
        .join(review_case, same(review_case, test_buy, "case_id"))
        .join(listing, same(listing, review_case, "listing_id"))
        .where(
            test_buy.c.marketplace_id == marketplace_id,
            test_buy.c.closed_at <= closed,
            ~proves,
            ~disputed,
            ~appealed,
            _is_under_no_hold(marketplace_id, listing.c.seller_external_id),
        )
        .order_by(test_buy.c.ordered_at, test_buy.c.test_buy_id)
    )
    return personal.subjects_of(connection, marketplace_id, ErasableData.CUSTODY, query, most=most)


def _is_under_no_hold(marketplace_id: str, seller: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a listing has no seller, or its seller is under no legal hold."""
    return ~exists().where(
        legal_hold.c.marketplace_id == marketplace_id,
        legal_hold.c.lifted_at.is_(None),
        legal_hold.c.seller_external_id == func.coalesce(seller, ""),
    )
