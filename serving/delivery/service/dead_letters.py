"""Undeliverable messages: shown with the receiver's answers, and sent again at a person's request."""

from collections.abc import Sequence
from typing import Any, Final

from models.errors import Busy
from serving.delivery.service.letters import Letter, given_up, letter, outbox
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.database.pages import cut
from serving.platform.runtime import Runtime
from serving.sellers.store.seller_actions import StoredSellerAction
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionEvent
from serving.webhooks.service import record_step
from serving.webhooks.store import endpoints
from serving.webhooks.store.listing_requests import StoredListingRequest

MOST_AT_ONCE: Final = 5_000


def dead_letters(runtime: Runtime, marketplace: Marketplace, most: int, after: str | None = None) -> dict[str, Any]:
    """The receiver's recent answers, and the undeliverable actions, newest first."""
    here = marketplace.marketplace_id
    with runtime.store.read() as connection:
        endpoint = endpoints.in_force(connection, here)
        found, following = cut(given_up(connection, here, most + 1, after), most, lambda action: action.action_id)
    receiver = None
    if endpoint is not None:
        receiver = {
            "url": endpoint.url,
            "failures": endpoint.failures,
            "failing_since": endpoint.failing_since.isoformat() if endpoint.failing_since else None,
            "rests_until": endpoint.paused_until.isoformat() if endpoint.paused_until else None,
        }
    return {"receiver": receiver, "dead": [_shown(one) for one in found], "next": following}


def replay(runtime: Runtime, marketplace: Marketplace, action_ids: Sequence[str] | None, *, by: str) -> list[str]:
    """Send the undeliverable messages of these actions again, or all of them (None); returns the ids.

    The receiver may have applied the message before and recognises its id. The delivery week starts again.

    Raises NotFound, Conflict (there is no such action; it is not undeliverable; a later action on the listing has
    replaced it. In each case nothing is sent).
    """
    here, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        if action_ids is None:
            found = given_up(connection, here, MOST_AT_ONCE)
        else:
            found = [letter(connection, here, one) for one in action_ids]
        for one in found:
            values = {"due_at": now, "sent_at": now}
            if not outbox(one).change(connection, one, ActionEvent.REPLAY, values):
                raise Busy("{action} is being changed; ask again.", action=one.action_id)
            record_step(connection, one, "replayed", by, now, {"attempts": one.attempts})
    return [one.action_id for one in found]


def _shown(one: Letter) -> dict[str, Any]:
    return {
        "action_id": one.action_id,
        "kind": one.kind.value,
        "listing_external_id": one.external_id if isinstance(one, StoredAction) else None,
        "seller_external_id": one.seller_external_id if isinstance(one, StoredSellerAction) else None,
        "requested_listing": one.location if isinstance(one, StoredListingRequest) else None,
        "sequence": one.sequence,
        "attempts": one.attempts,
        "first_sent_at": one.sent_at.isoformat() if one.sent_at else None,
        "last_error": one.last_error,
    }
