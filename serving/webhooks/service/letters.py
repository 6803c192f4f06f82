"""The three kinds of messages to a marketplace: an action on a listing, one on a seller, a request for a listing."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_

from serving.marketplaces.store import marketplaces
from serving.sellers.store import seller_actions
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.client import Message
from serving.webhooks.payloads import LISTING_PAYLOADS, SELLER_PAYLOADS, ListingRequest, Payload
from serving.webhooks.rules.action import ActionState
from serving.webhooks.store import listing_requests
from serving.webhooks.store.listing_requests import StoredListingRequest
from serving.webhooks.store.outbox import Outbox

Letter = StoredAction | StoredSellerAction | StoredListingRequest
BOXES: Final[tuple[Outbox[Any], ...]] = (actions.OUTBOX, seller_actions.OUTBOX, listing_requests.OUTBOX)


# Built once, because each process asks several times a second.
_WAITING: Final = marketplaces.marketplaces_where(lambda column: or_(*(box.is_waiting(column) for box in BOXES)))


def letter_by_id(connection: Connection, marketplace_id: str, action_id: str) -> Letter:
    """One message, by its id. Raises NotFound (this marketplace has no such message)."""
    match action_id.partition("_")[0]:
        case seller_actions.PREFIX:
            return seller_actions.get(connection, marketplace_id, action_id)
        case listing_requests.PREFIX:
            return listing_requests.get(connection, marketplace_id, action_id)
        case _:
            return actions.get(connection, marketplace_id, action_id)


def outbox_of(letter: Letter) -> Outbox[Any]:
    """The table operations for a message."""
    match letter:
        case StoredAction():
            return actions.OUTBOX
        case StoredSellerAction():
            return seller_actions.OUTBOX
        case StoredListingRequest():
            return listing_requests.OUTBOX


def claim_letters(connection: Connection, marketplace_id: str, at: datetime, most: int) -> list[Letter]:
    """At most `most` messages of all kinds that may be sent now, locked until the transaction ends, oldest first."""
    letters: list[Letter] = [letter for box in BOXES for letter in box.claim(connection, marketplace_id, at, most)]
    return sorted(letters, key=lambda letter: letter.due_at or at)[:most]


def marketplaces_with_due(connection: Connection, at: datetime) -> list[str]:
    """The marketplaces that a message may be sent to now, paused receivers included."""
    return [str(row.marketplace_id) for row in connection.execute(_WAITING, {"at": at})]


def release_attempts(connection: Connection, sender: str, at: datetime) -> None:
    """Make messages due that a process of this name had under way when it ended."""
    for box in BOXES:
        box.release(connection, sender, at)


def undeliverable_letters(connection: Connection, marketplace_id: str, most: int) -> list[Letter]:
    """Undeliverable messages, newest first. Their ids are in order of time."""
    dead = ActionState.DEAD
    letters: list[Letter] = [
        *actions.latest(connection, marketplace_id, kind=None, state=dead, most=most),
        *seller_actions.in_state(connection, marketplace_id, dead, most),
        *listing_requests.in_state(connection, marketplace_id, dead, most),
    ]
    return sorted(letters, key=lambda letter: letter.action_id.partition("_")[2], reverse=True)[:most]


def moving_count(connection: Connection) -> int:
    """The number of messages that are to be sent, of all marketplaces."""
    return sum(box.moving_count(connection) for box in BOXES)


def under_way_count(connection: Connection, at: datetime) -> int:
    """The number of messages that are due or on their way, of all marketplaces."""
    return sum(box.under_way_count(connection, at) for box in BOXES)


def message_of(letter: Letter, seller_link: str | None) -> Message:
    """A message as it is sent; `seller_link` belongs to a removal."""
    numbered: dict[str, Any] = {"action": letter.kind, "action_id": letter.action_id, "sequence": letter.sequence}
    payload: Payload
    match letter:
        case StoredListingRequest():
            payload = ListingRequest(**numbered, listing=letter.location, waits_until=letter.waits_until)
        case StoredSellerAction():
            fields = {**numbered, "statement": letter.statement}
            payload = SELLER_PAYLOADS[letter.kind](**fields, seller_external_id=letter.seller_external_id)
        case StoredAction():
            fields = {**numbered, "statement": letter.statement, "seller_link": seller_link or ""}
            payload = LISTING_PAYLOADS[letter.kind](**fields, listing_external_id=letter.external_id)
    return payload.message(letter.action_id, letter.created_at)
