"""Sellers' links to their removals. A row has the end of a link's validity; the signature is not stored."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from serving.appeals.tables import seller_link
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


def by_name(connection: Connection, action_id: str, number: int) -> SellerLink | None:
    """The link that a token names, in any marketplace; ids are unique across marketplaces."""
    query = select(seller_link).where(seller_link.c.action_id == action_id, seller_link.c.number == number)
    row = connection.execute(query).one_or_none()
    return None if row is None else _link(row)


def latest(connection: Connection, marketplace_id: str, action_id: str) -> SellerLink | None:
    """The newest link to a removal, whether it is still valid or not."""
    query = (
        select(seller_link)
        .where(inside(seller_link, marketplace_id, action_id=action_id))
        .order_by(seller_link.c.number.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _link(row)


def add_link(
    connection: Connection, marketplace_id: str, action_id: str, *, at: datetime, expires_at: datetime
) -> SellerLink:
    """Create the next link to a removal."""
    here = inside(seller_link, marketplace_id, action_id=action_id)
    last = connection.execute(select(func.max(seller_link.c.number)).where(here)).scalar()
    made = SellerLink(marketplace_id, action_id, (last or 0) + 1, expires_at, None)
    row = {
        "marketplace_id": marketplace_id,
        "action_id": action_id,
        "number": made.number,
        "made_at": at,
        "expires_at": expires_at,
    }
    add(connection, seller_link, [row])
    return made


def revoke(connection: Connection, marketplace_id: str, action_id: str, at: datetime) -> int:
    """Revoke every valid link to a removal; returns how many."""
    ended = connection.execute(
        update(seller_link)
        .where(inside(seller_link, marketplace_id, action_id=action_id), seller_link.c.revoked_at.is_(None))
        .values(revoked_at=at)
    )
    return ended.rowcount


def _link(row: object) -> SellerLink:
    return SellerLink(**{name: getattr(row, name) for name in SellerLink.__slots__})
