"""Undeliverable messages, sent again at a person's request."""

from collections.abc import Sequence
from typing import Final

from models.errors import Busy
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.webhooks.rules.action import ActionEvent
from serving.webhooks.service.letters import given_up, letter, outbox
from serving.webhooks.service.signing_secrets import record_step

MOST_AT_ONCE: Final = 5_000


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
            found = [letter(connection, here, action_id) for action_id in action_ids]
        for one in found:
            values = {"due_at": now, "sent_at": now}
            if not outbox(one).change(connection, one, ActionEvent.REPLAY, values):
                raise Busy("{action} is being changed; ask again.", action=one.action_id)
            record_step(connection, one, "replayed", by, now, {"attempts": one.attempts})
    return [one.action_id for one in found]
