"""Mails to notifiers: to confirm an address, the receipt of a notice, and decisions once they are final.

Articles 16(4) and (5) of Regulation (EU) 2022/2065.
"""

from collections import Counter
from collections.abc import Collection
from datetime import timedelta
from itertools import groupby
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from models.policies.deciding import EnforcementPolicy
from serving.audit.store import audit
from serving.mail.rules.kinds import MailKind
from serving.mail.service.queueing import queue_to_address
from serving.mail.store import mails
from serving.notices.rules.notices import ReporterKind
from serving.notices.service.notice_decisions import notifier_message
from serving.notices.service.notice_links import PLACE, confirmation_link, notice_link, notice_to_confirm
from serving.notices.store import notices, reporters, untold
from serving.notices.store.reporters import Reporter
from serving.platform import display
from serving.platform.languages import ENGLISH
from serving.platform.runtime import Runtime

_MOST_AT_ONCE: Final = 200
_DAY: Final = timedelta(days=1)


def queue_receipt(runtime: Runtime, connection: Connection, sender: Reporter, notice_id: str, listings: int) -> None:
    """Queue the receipt of a notice, in the language of its form; a stranger is asked to confirm the address.

    It repeats nothing that the sender typed, because the address may be somebody else's. For the same reason an address
    gets one a day that it has not confirmed: the receipts of further notices follow its confirmation.
    """
    marketplace_id, to_confirm = sender.marketplace_id, sender.kind is ReporterKind.UNREGISTERED
    if sender.email is None:
        return
    if to_confirm and untold.awaits_confirmation(connection, sender.email, runtime.clock.now() - _DAY):
        return
    queue_to_address(
        runtime,
        connection,
        MailKind.NOTICE_RECEIPT,
        marketplace_id=marketplace_id,
        address=sender.email,
        language=display.current_display().language,
        parameters={
            "notice_id": notice_id,
            "n": listings,
            "to_confirm": to_confirm,
            **({} if to_confirm else {"path": _path_of(notice_link(runtime, marketplace_id, notice_id))}),
        },
        subject_id=notice_id,
        secret_path=_path_of(confirmation_link(runtime, marketplace_id, notice_id)) if to_confirm else None,
    )


def mail_decisions(runtime: Runtime) -> int:
    """Queue the decisions that became final, one mail for each notice; returns how many listings."""
    now = runtime.clock.now()
    window = timedelta(seconds=runtime.policies[EnforcementPolicy].undo_window_seconds)
    with runtime.store.read() as connection:
        if not untold.untold_decisions(connection, now - window, 1):
            return 0
    with runtime.store.write() as connection:
        final_decisions = sorted(untold.untold_decisions(connection, now - window, _MOST_AT_ONCE))
        return sum(
            _queue_decisions(runtime, connection, marketplace_id, notice_id, {item_id for _, _, item_id in decisions})
            for (marketplace_id, notice_id), decisions in groupby(final_decisions, lambda decision: decision[:2])
        )


def _queue_decisions(
    runtime: Runtime, connection: Connection, marketplace_id: str, notice_id: str, item_ids: Collection[str]
) -> int:
    items = [
        notice_item
        for notice_item in notices.items_of_notice(connection, marketplace_id, notice_id)
        if notice_item.item_id in item_ids
    ]
    decided = [
        (notice_item, notice)
        for notice_item in items
        if (notice := notifier_message(runtime, connection, notice_item)) is not None
    ]
    if not decided:
        return 0
    stored_notice = notices.by_id(connection, notice_id)
    sender = None if stored_notice is None else reporters.get(connection, marketplace_id, stored_notice.reporter_id)
    if sender is None or sender.email is None:
        return 0
    counts = Counter(notice.decision.code for _, notice in decided)
    queue_to_address(
        runtime,
        connection,
        MailKind.NOTICE_DECISION,
        marketplace_id=marketplace_id,
        address=sender.email,
        language=mails.language_of(connection, MailKind.NOTICE_RECEIPT, notice_id) or ENGLISH,
        parameters={
            "notice_id": notice_id,
            "decisions": [{"code": code, "n": n} for code, n in sorted(counts.items())],
            "path": _path_of(notice_link(runtime, marketplace_id, notice_id)),
        },
        subject_id=notice_id,
    )
    untold.record_told(
        connection, marketplace_id, [notice_item.item_id for notice_item, _ in decided], runtime.clock.now()
    )
    return len(decided)


def _path_of(link: str) -> str:
    """The path of a link: the mail leads to the address that the service has when it is sent."""
    return urlsplit(link).path


def confirm_address(runtime: Runtime, token: str) -> str:
    """Record that the notifier reads the address of a notice; returns the path of the receipt. It may be repeated.

    The receipt of the address's next notice, which waited for this, is queued.

    Raises NotFound (as `to_confirm`).
    """
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        notice = notice_to_confirm(runtime, connection, token)
        if notices.record_confirmation(connection, notice, now):
            actor = f"reporter:{notice.reporter_id}"
            audit.record(connection, now, notice.marketplace_id, actor, "notice.confirmed", notice.notice_id)
            following = untold.next_without_receipt(connection, notice)
            if following is not None:
                sender = reporters.get(connection, notice.marketplace_id, notice.reporter_id)
                listings = len(notices.items_of_notice(connection, notice.marketplace_id, following))
                queue_receipt(runtime, connection, sender, following, listings)
    return f"{PLACE}{notice_link(runtime, notice.marketplace_id, notice.notice_id).rpartition(PLACE)[2]}"
