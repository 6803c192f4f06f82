"""Requests to send a listing that a brand has reported, delivered to the marketplace; ids begin with `lrq_`."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select

from models.errors import require
from serving.platform.database.row_reader import reader
from serving.platform.database.scope import inside
from serving.platform.database.store import add
from serving.webhooks.rules.action import ActionState, RequestKind
from serving.webhooks.store.outbox import Outbox, OutgoingMessage
from serving.webhooks.tables import listing_request

PREFIX: Final = "lrq"


@dataclass(frozen=True, slots=True)
class StoredListingRequest(OutgoingMessage):
    """A request as stored. `location` is the listing's id or address as the brand named it."""

    brand_id: str
    location: str
    location_digest: str
    kind: RequestKind
    waits_until: datetime

    @property
    def subject(self) -> str:
        """The subject of the sequence: the listing as it was named."""
        return self.location_digest


def _select_requests(connection: Connection, *conditions: Any) -> list[StoredListingRequest]:
    query = (
        select(listing_request).where(*conditions).order_by(listing_request.c.created_at, listing_request.c.sequence)
    )
    return reader(StoredListingRequest).all(connection, query)


OUTBOX: Final = Outbox(listing_request, "location_digest", _select_requests)


def add_request(connection: Connection, row: Mapping[str, Any]) -> None:
    """Store a new request; the database refuses a repeated sequence of a listing."""
    add(connection, listing_request, [row])


def get(connection: Connection, marketplace_id: str, action_id: str) -> StoredListingRequest:
    """One request. Raises NotFound (there is none in this marketplace)."""
    requests = _select_requests(connection, inside(listing_request, marketplace_id, action_id=action_id))
    return require(requests[0] if requests else None, "There is no such request.")


def latest_request(connection: Connection, marketplace_id: str, location_digest: str) -> StoredListingRequest | None:
    """The last request for a listing, None without one."""
    requests = _select_requests(connection, inside(listing_request, marketplace_id, location_digest=location_digest))
    return max(requests, key=lambda request: request.sequence, default=None)


def count_of_brand(connection: Connection, marketplace_id: str, brand_id: str, since: datetime) -> int:
    """The number of requests that a brand's reports have caused since a moment."""
    query = select(func.count()).where(
        inside(listing_request, marketplace_id, brand_id=brand_id), listing_request.c.created_at > since
    )
    return int(connection.execute(query).scalar_one())


def in_state(connection: Connection, marketplace_id: str, state: ActionState, most: int) -> list[StoredListingRequest]:
    """The newest requests in a state, at most `most`, oldest first."""
    query = select(listing_request.c.action_id).where(inside(listing_request, marketplace_id, state=state.value))
    ids = connection.execute(query.order_by(listing_request.c.action_id.desc()).limit(most)).scalars().all()
    return _select_requests(connection, listing_request.c.action_id.in_(ids)) if ids else []
