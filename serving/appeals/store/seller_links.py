"""Sellers' links to their removals. A row has the end of a link's validity; the signature is not stored."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from serving.appeals.tables import seller_link
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add


@dataclass(frozen=True, slots=True)
class SellerLink:
    """A link as stored: to one removal, numbered from 1."""

    marketplace_id: str
    action_id: str
    number: int
    expires_at: datetime
    revoked_at: datetime | None

    def holds(self, at: datetime) -> bool:
        """Whether it is valid at a moment."""
        return self.revoked_at is None and at < self.expires_at


def by_number(connection: Connection, action_id: str, number: int) -> SellerLink | None:
    """The link that a token names, in any marketplace; ids are unique across marketplaces."""
    query = select(seller_link).where(seller_link.c.action_id == action_id, seller_link.c.number == number)
    return reader(SellerLink).single(connection, query)


def latest_of(connection: Connection, marketplace_id: str, action_ids: Collection[str]) -> dict[str, SellerLink]:
    """The newest link to each of these removals that has one, whether it is still valid or not."""
    query = (
        select(seller_link)
        .where(inside(seller_link, marketplace_id), seller_link.c.action_id.in_(action_ids))
        .order_by(seller_link.c.number)
    )
    return {link.action_id: link for link in reader(SellerLink).all(connection, query)}


def add_links(
    connection: Connection, marketplace_id: str, action_ids: Sequence[str], *, at: datetime, expires_at: datetime
) -> list[SellerLink]:
    """Create the next link to each of these removals."""
    last = latest_of(connection, marketplace_id, action_ids)
    links = [
        SellerLink(marketplace_id, action_id, last[action_id].number + 1 if action_id in last else 1, expires_at, None)
        for action_id in action_ids
    ]
    rows = [
        {
            "marketplace_id": link.marketplace_id,
            "action_id": link.action_id,
            "number": link.number,
            "made_at": at,
            "expires_at": expires_at,
        }
        for link in links
    ]
    add(connection, seller_link, rows)
    return links


def revoke(connection: Connection, marketplace_id: str, action_id: str, at: datetime) -> int:
    """Revoke every valid link to a removal; returns how many."""
    ended = connection.execute(
        update(seller_link)
        .where(inside(seller_link, marketplace_id, action_id=action_id), seller_link.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return ended.rowcount
