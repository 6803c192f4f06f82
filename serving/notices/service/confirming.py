"""A stranger's confirmation that the address under a notice is theirs."""

from serving.audit.store import audit
from serving.notices.service.notice_links import PLACE, link_for, to_confirm
from serving.notices.service.notice_mails import queue_receipt
from serving.notices.store import notices, reporters, untold
from serving.platform.runtime import Runtime


def confirm(runtime: Runtime, token: str) -> str:
    """Record that the notifier reads the address of a notice; returns the path of the receipt. It may be repeated.

    The receipt of the address's next notice, which waited for this, is queued.

    Raises NotFound (as `to_confirm`).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        found = to_confirm(runtime, connection, token)
        if notices.confirm(connection, found, now):
            actor = f"reporter:{found.reporter_id}"
            audit.record(connection, now, found.marketplace_id, actor, "notice.confirmed", found.notice_id)
            following = untold.without_receipt(connection, found)
            if following is not None:
                sender = reporters.get(connection, found.marketplace_id, found.reporter_id)
                listings = len(notices.items(connection, found.marketplace_id, following))
                queue_receipt(runtime, connection, sender, following, listings)
    return f"{PLACE}{link_for(runtime, found.marketplace_id, found.notice_id).rpartition(PLACE)[2]}"
