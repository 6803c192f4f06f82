"""Receipt of notices: stored with a receipt, the listings as they were, and a case for each in its queue place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from features.message import Message
from serving.notices.rules.notices import Channel, Draft, ItemState, ReporterKind
from serving.notices.rules.reporters import WARNING
from serving.notices.service.admission import AdmittedNotice, admission, email_token
from serving.notices.service.notice_links import notice_link
from serving.notices.service.notice_mails import queue_receipt
from serving.notices.service.notified_listings import NoticeContext, known_locations, record_act, take_listings
from serving.notices.service.reporters import reputation_of, warn_if_due
from serving.notices.store import notices, previews, reporters
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Receipt:
    """The immediate answer to a notifier: id, moment, link, each listing's state, and a warning where one is due."""

    notice_id: str
    received_at: datetime
    link: str
    listings: tuple[tuple[str, ItemState], ...]
    warning: Message | None


@dataclass(frozen=True, slots=True)
class Preview:
    """A notice that was not sent: its listings in order, each with whether the marketplace has it."""

    listings: tuple[tuple[str, bool], ...]

    @property
    def unknown(self) -> tuple[str, ...]:
        """The listings that were not found."""
        return tuple(location for location, is_known in self.listings if not is_known)


def receive_notice(
    runtime: Runtime,
    marketplace: str | None,
    draft: Draft,
    channel: Channel,
    reporter: Reporter | None = None,
    *,
    address: str = "",
) -> Receipt:
    """Accept a notice; `marketplace` is its name, None where the listings or the reporter's registration tell it.

    `address` is the network address of the sender, which is not stored. Listings that are not found are stored as they
    were named.

    The content, the listings as they are at this moment, their cases and the audit entries are one transaction.

    Raises Invalid (an element of Article 16(2) is missing or too long, or listings are too many; the sentence names all
    faults. Or neither name nor listings tell the marketplace; the sentence names none) or TooManyNotices (the limit is
    reached; a later notice is accepted).
    """
    with admission(runtime, marketplace, draft, reporter, address) as admitted:
        return _store_notice(runtime, admitted, channel, reporter)


def preview_notice(
    runtime: Runtime, marketplace: str | None, draft: Draft, reporter: Reporter | None = None, *, address: str = ""
) -> Preview:
    """Which listings of a notice are found; it sends nothing and counts for a stranger's limits as a notice does.

    Raises Invalid, TooManyNotices (as `receive_notice`).
    """
    with admission(runtime, marketplace, draft, reporter, address) as admitted:
        return _record_preview(runtime, admitted, is_counted=reporter is None)


def receive_form(
    runtime: Runtime, marketplace: str | None, draft: Draft, accepted: Collection[str], *, address: str
) -> Receipt | Preview:
    """Accept a stranger's notice by the form, unless a listing is not found and not in `accepted`.

    `accepted` are the listings that an earlier answer to the notifier named as not found.

    Raises Invalid, TooManyNotices (as `receive_notice`).
    """
    with admission(runtime, marketplace, draft, None, address) as admitted:
        known = known_locations(admitted.connection, admitted.marketplace_id, admitted.locations)
        if any(not is_known and location not in accepted for location, is_known in known):
            return _record_preview(runtime, admitted, is_counted=True)
        return _store_notice(runtime, admitted, Channel.FORM, None)


def _record_preview(runtime: Runtime, admitted: AdmittedNotice, *, is_counted: bool) -> Preview:
    if is_counted:
        row = {"marketplace_id": admitted.marketplace_id, "preview_id": runtime.ids.new("npv"), "known_at": admitted.at}
        previews.add_preview(admitted.connection, row)
    return Preview(known_locations(admitted.connection, admitted.marketplace_id, admitted.locations))


def _store_notice(runtime: Runtime, admitted: AdmittedNotice, channel: Channel, reporter: Reporter | None) -> Receipt:
    connection, marketplace_id, written, now = admitted.connection, admitted.marketplace_id, admitted.draft, admitted.at
    sender = reporter or _known_stranger(runtime, connection, marketplace_id, written, now)
    notice_id = runtime.ids.new("ntc")
    row = {
        "marketplace_id": marketplace_id,
        "notice_id": notice_id,
        "reporter_id": sender.reporter_id,
        "channel": channel.value,
        "reason_code": written.reason_code,
        "explanation": written.explanation.strip(),
        "right_kind": written.right.kind or None,
        "right_office": written.right.office or None,
        "right_number": written.right.number or None,
        "right_owner": written.right.owner or None,
        "by_power_of_attorney": written.right.by_power_of_attorney,
        "known_at": now,
    }
    notices.add_notice(connection, row)
    known = reputation_of(runtime, connection, sender, now)
    warned = warn_if_due(connection, sender, known, now)
    context = NoticeContext(
        runtime, connection, marketplace_id, sender, notice_id, written.reason_code, now, known.doubted
    )
    record_act(context, "notice.received", notice_id, _audit_payload(context, channel, len(admitted.locations)))
    states = take_listings(context, admitted.locations)
    listings = tuple(zip(admitted.locations, states, strict=True))
    queue_receipt(runtime, connection, sender, notice_id, len(listings))
    return Receipt(
        notice_id, now, notice_link(runtime, marketplace_id, notice_id), listings, WARNING if warned else None
    )


def _known_stranger(
    runtime: Runtime, connection: Connection, marketplace_id: str, draft: Draft, now: datetime
) -> Reporter:
    """The stranger with an address; an erased one that returns while muted gets name and address again."""
    row = _stranger_row(runtime, marketplace_id, draft, now)
    stranger = reporters.lock_stranger(connection, row)
    if stranger.email is None:
        named = {"name": row["name"], "email": row["email"], "erasure_requested_at": None, "erased_at": None}
        reporters.change(connection, stranger, **named)
    return stranger


def _stranger_row(runtime: Runtime, marketplace_id: str, draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "marketplace_id": marketplace_id,
        "reporter_id": runtime.ids.new("rep"),
        "kind": ReporterKind.UNREGISTERED.value,
        "name": draft.name.strip(),
        "email": draft.email.strip(),
        "email_token": email_token(runtime, marketplace_id, draft.email),
        "known_at": now,
    }


def _audit_payload(context: NoticeContext, channel: Channel, listings: int) -> dict[str, Any]:
    """The audit log's record of a notice, without personal data, because an entry cannot be erased alone."""
    muted = context.reporter.is_muted(context.at)
    return {
        "reporter_id": context.reporter.reporter_id,
        "reporter_kind": context.reporter.kind.value,
        "channel": channel.value,
        "reason_code": context.reason_code,
        "listings": listings,
        **({"muted_because": context.reporter.muted_because} if muted else {}),
    }
