"""The networks from which strangers notify listings: counts by a keyed hash, kept for a day."""

from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select, update

from serving.notices.tables import notice_network
from serving.platform.database.store import insert_or_ignore


def listings_from(connection: Connection, network: str, at: datetime) -> int:
    """The number of listings notified from a network; other transactions of the network wait until this one ends."""
    return int(_lock_network(connection, network, at)["listings"])


def bytes_from(connection: Connection, network: str, at: datetime) -> int:
    """The bytes of documents from a network; other transactions of the network wait until this one ends."""
    return int(_lock_network(connection, network, at)["document_bytes"])


def _lock_network(connection: Connection, network: str, at: datetime) -> RowMapping:
    row = {"network": network, "listings": 0, "document_bytes": 0, "known_at": at}
    connection.execute(insert_or_ignore(connection, notice_network).values(**row))
    query = select(notice_network).where(notice_network.c.network == network).with_for_update()
    return connection.execute(query).mappings().one()


def add_listings(connection: Connection, network: str, listings: int) -> None:
    more = update(notice_network).where(notice_network.c.network == network)
    connection.execute(more.values(listings=notice_network.c.listings + listings))


def add_bytes(connection: Connection, network: str, size: int) -> None:
    more = update(notice_network).where(notice_network.c.network == network)
    connection.execute(more.values(document_bytes=notice_network.c.document_bytes + size))


def delete_before(connection: Connection, before: datetime) -> int:
    """Delete the counts that began before a moment; returns how many."""
    gone = delete(notice_network).where(notice_network.c.known_at < before).returning(notice_network.c.network)
    return len(connection.execute(gone).all())
