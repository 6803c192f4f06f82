"""Legal holds: sellers whose data may not be erased, since when and why."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import insert_or_ignore
from serving.privacy.tables import legal_hold


@dataclass(frozen=True, slots=True)
class LegalHold:
    """A hold in force."""

    marketplace_id: str
    hold_id: str
    seller: str
    reason: str
    set_by: str
    set_at: datetime


def holds_in_force(connection: Connection, marketplace_id: str, seller: str | None = None) -> list[LegalHold]:
    """The holds in force, oldest first; with `seller`, only that seller's."""
    query = select(legal_hold, legal_hold.c.seller_external_id.label("seller")).where(
        legal_hold.c.marketplace_id == marketplace_id, legal_hold.c.lifted_at.is_(None)
    )
    if seller is not None:
        query = query.where(legal_hold.c.seller_external_id == seller)
    return reader(LegalHold).all(connection, query.order_by(legal_hold.c.set_at, legal_hold.c.hold_id))


def add_hold(connection: Connection, hold: LegalHold) -> bool:
    """Put a hold in force; False where the seller is already under hold."""
    row = {
        "marketplace_id": hold.marketplace_id,
        "hold_id": hold.hold_id,
        "seller_external_id": hold.seller,
        "reason": hold.reason,
        "set_by": hold.set_by,
        "set_at": hold.set_at,
    }
    added = insert_or_ignore(connection, legal_hold).values(row).returning(legal_hold.c.hold_id)
    return connection.execute(added).first() is not None


def lift_hold(connection: Connection, marketplace_id: str, seller: str, at: datetime) -> str | None:
    """End the hold of a seller; returns its id, None where there is none."""
    done = (
        update(legal_hold)
        .where(inside(legal_hold, marketplace_id, seller_external_id=seller), legal_hold.c.lifted_at.is_(None))
        .values(lifted_at=at)
        .returning(legal_hold.c.hold_id)
    )
    hold_id: str | None = connection.execute(done).scalar()
    return hold_id
