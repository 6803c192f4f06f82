"""The networks from which strangers notify listings: counts by a keyed hash, kept for a day."""

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from serving.notices.tables import notice_network
from serving.platform.database.store import insert_or_ignore


def listings_from(connection: Connection, network: str, at: datetime) -> int:
    """The number of listings notified from a network; other transactions of the network wait until this one ends."""
    row = {"network": network, "listings": 0, "known_at": at}
    connection.execute(insert_or_ignore(connection, notice_network).values(**row))
    query = select(notice_network.c.listings).where(notice_network.c.network == network).with_for_update()
    return int(connection.execute(query).scalar_one())


def add_listings(connection: Connection, network: str, listings: int) -> None:
    """Count further listings of a network."""
    more = update(notice_network).where(notice_network.c.network == network)
    connection.execute(more.values(listings=notice_network.c.listings + listings))


def forget(connection: Connection, before: datetime) -> int:
    """Delete the counts that began before a moment; returns how many."""
    gone = delete(notice_network).where(notice_network.c.known_at < before).returning(notice_network.c.network)
    return len(connection.execute(gone).all())
