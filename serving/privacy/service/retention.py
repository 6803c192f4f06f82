"""Erasure of expired data: daily, class by class, on the injected clock, never under a legal hold."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from serving.accounts.store import accounts, invitations, reset_links, second_factors, sign_in_budgets
from serving.appeals.policy import AppealPolicy
from serving.audit.rules.chain import ERASURE
from serving.audit.store import audit
from serving.listings.store import refused_rows
from serving.mail.store import mails
from serving.marketplaces.store import marketplaces
from serving.notices.service.reporter_erasure import erase_without_open
from serving.notices.store import notice_texts, reporters
from serving.platform.data_classes import DataClass
from serving.platform.runtime import Runtime
from serving.privacy.policy import RetentionPolicy
from serving.privacy.rules.erasure import ErasableData, complained_before, expired_before
from serving.privacy.store import erasures, legal_holds, personal, reported, retention
from serving.scoring.store import seller_events
from serving.sellers.store import contacts

ACTOR: Final = "retention"
_AGAIN: Final = timedelta(days=1)
# The limit for a class in one transaction; the next sweep, seconds later, continues.
_MOST_AT_ONCE: Final = 500
_OF_REMOVALS: Final = {
    DataClass.STATEMENTS: ErasableData.STATEMENTS,
    DataClass.DOCUMENTS: ErasableData.DOCUMENTS,
    DataClass.EVIDENCE_PARTS: ErasableData.EVIDENCE_PARTS,
}
# Rows of sellers, without those under a legal hold.
_OF_SELLERS: Final = {
    DataClass.CONTACTS: contacts.delete_unused,
    DataClass.REFUSED_ROWS: refused_rows.erase_beginnings,
    DataClass.SELLER_EVENTS: seller_events.delete_before,
}


def erase_expired(runtime: Runtime) -> int:
    """Erase expired data; returns the number of rows, documents and parts of evidence."""
    now = runtime.clock.now()
    with runtime.store.read() as connection:
        due = [
            marketplace.marketplace_id
            for marketplace in marketplaces.all_marketplaces(connection)
            if (last := retention.last_search(connection, marketplace.marketplace_id)) is None or now - last >= _AGAIN
        ]
    return sum(_erase_marketplace(runtime, marketplace_id, now) for marketplace_id in due)


def _erase_marketplace(runtime: Runtime, marketplace_id: str, now: datetime) -> int:
    with runtime.store.write() as connection:
        audit.lock(connection)
        erased = {what: _erase_class(runtime, connection, marketplace_id, what, now) for what in DataClass}
        tally = {what.value: many for what, (many, _) in erased.items() if many}
        if tally:
            _record_erasure(
                runtime,
                connection,
                marketplace_id,
                tally,
                [sequence for _, gone in erased.values() for sequence in gone],
                now,
            )
        if all(many < _MOST_AT_ONCE for many in tally.values()):
            retention.record_search(connection, marketplace_id, now)
    return sum(tally.values())


def _erase_class(
    runtime: Runtime, connection: Connection, marketplace_id: str, what: DataClass, now: datetime
) -> tuple[int, list[int]]:
    """The number of erased items of a class, and the entries of the log whose payloads must be erased with it."""
    # Sessions use browsers' time, which no simulation moves.
    past = expired_before(
        what, runtime.wall.now() if what is DataClass.SESSIONS else now, runtime.policies[RetentionPolicy]
    )
    if past is None:
        return 0, []
    protected_sellers = [hold.seller for hold in legal_holds.holds_in_force(connection, marketplace_id)]
    complained = complained_before(now, runtime.policies[AppealPolicy])
    match what:
        case DataClass.STATEMENTS | DataClass.DOCUMENTS | DataClass.EVIDENCE_PARTS:
            kind = _OF_REMOVALS[what]
            subjects = retention.expired_removals(
                connection, marketplace_id, kind, cutoff=past, open_until=complained, most=_MOST_AT_ONCE
            )
            if what is DataClass.DOCUMENTS:
                subjects += reported.expired_reports(
                    connection, marketplace_id, sent=past, open_until=complained, most=_MOST_AT_ONCE
                )
            return _erase_of(connection, marketplace_id, kind, subjects, now), []
        case DataClass.CUSTODY:
            subjects = retention.expired_test_buys(
                connection, marketplace_id, closed=past, open_until=complained, most=_MOST_AT_ONCE
            )
            gone = erasures.custody_payloads(connection, marketplace_id, subjects)
            subjects += reported.expired_test_buys(
                connection, marketplace_id, closed=past, open_until=complained, most=_MOST_AT_ONCE
            )
            return _erase_of(connection, marketplace_id, ErasableData.CUSTODY, subjects, now), gone
        case DataClass.CONTACTS | DataClass.REFUSED_ROWS | DataClass.SELLER_EVENTS:
            return _OF_SELLERS[what](connection, marketplace_id, past, protected_sellers, _MOST_AT_ONCE), []
        case DataClass.NOTIFIERS:
            return _erase_notifiers(connection, marketplace_id, past, complained, now), []
        case DataClass.MAILS:
            return mails.delete_ended(connection, past, _MOST_AT_ONCE), []
        case DataClass.SESSIONS:
            ended = accounts.forget_sessions(connection, past, _MOST_AT_ONCE)
            ended += invitations.forget(connection, past, _MOST_AT_ONCE)
            ended += sign_in_budgets.forget(connection, past, _MOST_AT_ONCE)
            ended += second_factors.forget_challenges(connection, past, _MOST_AT_ONCE)
            return ended + reset_links.forget(connection, past, _MOST_AT_ONCE), []


def _erase_of(
    connection: Connection, marketplace_id: str, kind: ErasableData, subjects: list[str], now: datetime
) -> int:
    many = personal.count_by_class(connection, marketplace_id, subjects, (kind,))[kind]
    personal.erase(connection, marketplace_id, subjects, now, (kind,))
    return many


def _erase_notifiers(
    connection: Connection, marketplace_id: str, last: datetime, complained: datetime, now: datetime
) -> int:
    quiet = reporters.quiet_strangers(connection, marketplace_id, last, open_until=complained, most=_MOST_AT_ONCE)
    quiet_reporters = [
        reporter for reporter in quiet if not notice_texts.is_underway(connection, marketplace_id, reporter.reporter_id)
    ]
    for reporter in quiet_reporters:
        erase_without_open(connection, reporter, ACTOR, now)
    return len(quiet_reporters)


def _record_erasure(
    runtime: Runtime, connection: Connection, marketplace_id: str, tally: dict[str, int], gone: list[int], now: datetime
) -> None:
    """Record an entry that counts the erased data and names the erased payloads, like an erasure's entry."""
    erasure_id = runtime.ids.new("era")
    audit.erase_payloads(connection, erasure_id, gone)
    audit.record(connection, now, marketplace_id, ACTOR, ERASURE, erasure_id, entries=gone, erased=tally)
