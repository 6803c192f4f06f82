"""Undeliverable messages, sent again at a person's request."""

from collections.abc import Sequence
from typing import Final

from models.errors import Busy
from serving.marketplaces.store.marketplaces import Marketplace
from serving.platform.runtime import Runtime
from serving.webhooks.rules.action import ActionEvent
from serving.webhooks.service.letters import letter_by_id, outbox_of, undeliverable_letters
from serving.webhooks.service.signing_secrets import record_step

MOST_AT_ONCE: Final = 5_000


def replay(runtime: Runtime, marketplace: Marketplace, action_ids: Sequence[str] | None, *, by: str) -> list[str]:
    """Send the undeliverable messages of these actions again, or all of them (None); returns the ids.

    The receiver may have applied the message before and recognises its id. The delivery week starts again.

    Raises NotFound, Conflict (there is no such action; it is not undeliverable; a later action on the listing has
    replaced it. In each case nothing is sent).
    """
    marketplace_id, now = marketplace.marketplace_id, runtime.clock.now()
    with runtime.store.write() as connection:
        if action_ids is None:
            dead_letters = undeliverable_letters(connection, marketplace_id, MOST_AT_ONCE)
        else:
            dead_letters = [letter_by_id(connection, marketplace_id, action_id) for action_id in action_ids]
        for dead_letter in dead_letters:
            values = {"due_at": now, "sent_at": now}
            if not outbox_of(dead_letter).change(connection, dead_letter, ActionEvent.REPLAY, values):
                raise Busy("{action} is being changed; ask again.", action=dead_letter.action_id)
            record_step(connection, dead_letter, "replayed", by, now, {"attempts": dead_letter.attempts})
    return [dead_letter.action_id for dead_letter in dead_letters]
