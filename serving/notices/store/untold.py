"""Receipts and decisions that notifiers have not been told yet, for mails and for the marketplace."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, exists, or_, select, update

from serving.appeals.tables import overturn
from serving.mail.rules.kinds import MailKind
from serving.mail.tables import mail
from serving.notices.rules.notices import FINAL_AT_ONCE, ItemState, ReporterKind
from serving.notices.store.notices import StoredNotice, read_notice
from serving.notices.tables import notice, notice_item, reporter
from serving.platform.database.pages import page
from serving.platform.database.scope import inside, same
from serving.takedowns.tables import action

# A receipt and its notice.
_RECEIPT = and_(mail.c.subject_id == notice.c.notice_id, mail.c.kind == MailKind.NOTICE_RECEIPT.value)


def untold_decisions(connection: Connection, final_before: datetime, most: int) -> list[tuple[str, str, str]]:
    """(marketplace, notice, item) of final decisions that the notifier can be mailed and has not, the oldest first.

    `final_before` is the moment before which decisions can no longer be undone. Strangers are mailed once they have
    confirmed that the address is theirs.
    """
    of_item, by = notice_item.c, reporter.c
    final = or_(
        (of_item.state == ItemState.DECIDED.value) & (of_item.decided_at <= final_before),
        (of_item.state == ItemState.DECIDED.value) & of_item.outcome.in_([outcome.value for outcome in FINAL_AT_ONCE]),
        of_item.state.in_([state.value for state in (ItemState.UNKNOWN_LISTING, ItemState.REPEATED, ItemState.MUTED)]),
    )
    known = or_(by.kind != ReporterKind.UNREGISTERED.value, notice.c.confirmed_at.is_not(None))
    query = (
        select(of_item.marketplace_id, of_item.notice_id, of_item.item_id)
        .join(notice, same(notice, notice_item, "notice_id"))
        .join(reporter, same(reporter, notice, "reporter_id"))
        .where(of_item.told_at.is_(None), final, known, by.email.is_not(None), by.erased_at.is_(None))
        .order_by(of_item.decided_at, of_item.item_id)
        .limit(most)
    )
    return [(row.marketplace_id, row.notice_id, row.item_id) for row in connection.execute(query)]


def record_told(connection: Connection, marketplace_id: str, item_ids: Collection[str], at: datetime) -> None:
    """Record that the notifier of these listings was mailed the decisions."""
    these = (notice_item.c.marketplace_id == marketplace_id, notice_item.c.item_id.in_(set(item_ids)))
    connection.execute(update(notice_item).where(*these).values(told_at=at))


def awaits_confirmation(connection: Connection, address: str, since: datetime) -> bool:
    """Whether an address got a receipt since a moment, of any marketplace, and has not confirmed its notice."""
    sent = exists().where(
        _RECEIPT, mail.c.address == address, mail.c.queued_at > since, notice.c.confirmed_at.is_(None)
    )
    return bool(connection.execute(select(sent)).scalar())


def next_without_receipt(connection: Connection, confirmed: StoredNotice) -> str | None:
    """The first notice of the same reporter, after a confirmed one, whose receipt was not queued."""
    query = (
        select(notice.c.notice_id)
        .where(
            inside(notice, confirmed.marketplace_id, reporter_id=confirmed.reporter_id),
            notice.c.known_at >= confirmed.known_at,
            notice.c.confirmed_at.is_(None),
            ~exists().where(_RECEIPT),
        )
        .order_by(notice.c.known_at, notice.c.notice_id)
        .limit(1)
    )
    return connection.execute(query).scalar()


def changed_since(
    connection: Connection, marketplace_id: str, since: datetime, window: timedelta, most: int, after: str | None
) -> list[StoredNotice]:
    """Notices that arrived at or after a moment, or whose message to the notifier changed since, the oldest first.

    With `after`, those behind this notice.

    The notifier learns of a decision once its undo window has passed, and of a removal pending approval once it is
    approved. The notifier learns of an undone removal at the undo.
    """
    decided = (
        select(notice_item.c.notice_id)
        .outerjoin(action, same(action, notice_item, "action_id"))
        .outerjoin(overturn, same(overturn, notice_item, "action_id") & overturn.c.undone_at.is_(None))
        .where(
            notice_item.c.marketplace_id == marketplace_id,
            or_(
                notice_item.c.decided_at >= since - window,
                action.c.leaves_at >= since,
                overturn.c.overturned_at >= since,
            ),
        )
    )
    changed = or_(notice.c.known_at >= since, notice.c.notice_id.in_(decided))
    query = select(notice).where(inside(notice, marketplace_id), changed)
    query = page(connection, query, {marketplace_id}, after, notice.c.known_at, notice.c.notice_id).limit(most)
    return [read_notice(row) for row in connection.execute(query).mappings()]
