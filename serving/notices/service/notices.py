"""Receipt of notices: stored with a receipt, the listings as they were, and a case for each in its queue place."""

import hashlib
import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection

from features.message import Message
from features.phrase import Phrase
from models.errors import Invalid
from serving.marketplaces.store import marketplaces
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notices import Channel, Draft, ItemState, ReporterKind, check_lengths, check_number, missing
from serving.notices.rules.reporters import WARNING
from serving.notices.service.notice_links import link_for
from serving.notices.service.notice_mails import queue_receipt
from serving.notices.service.notified_listings import NoticeContext, marketplaces_of, record, take_listings
from serving.notices.service.reporters import reputation_of, warn_if_due
from serving.notices.store import networks, notices, reporters
from serving.notices.store.reporters import Reporter
from serving.platform.runtime import Runtime

_WHERE: Final = Phrase(
    "This address does not tell us the marketplace. Name the full address of each listing as your browser shows it, "
    "all of one marketplace, or open this form by the link on the listing's page."
)
_IPV6: Final = 6
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The immediate answer to a notifier: id, moment, link, each listing's state, and a warning where one is due."""

    notice_id: str
    received_at: datetime
    link: str
    offers: tuple[tuple[str, ItemState], ...]
    warning: Message | None


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

    `address` is the network address of the sender, which is not stored.

    The content, the listings as they are at this moment, their cases and the audit entries are one transaction.

    Raises
    ------
    Invalid
        An element of Article 16(2) is missing or too long, or listings are too many; the sentence names all faults. Or
        neither name nor listings tell the marketplace; the sentence names none.
    TooManyNotices
        The limit is reached; a later notice is accepted.
    """
    written = _as_registered(draft, reporter)
    if lacking := missing(written):
        raise Invalid(" ".join(map(str, lacking.values())))
    check_lengths(written)
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        locations = tuple(dict.fromkeys(one.strip() for one in written.locations if one.strip()))
        here = _marketplace(connection, marketplace, reporter, locations)
        network = network_token(runtime, address, now)
        sent_before = 0 if reporter else networks.listings_from(connection, network, now)
        sender = reporter or _known_stranger(runtime, connection, here, written, now)
        check_number(
            len(locations),
            kind=sender.kind,
            today=notices.confirmed_listings_since(connection, here, sender.reporter_id, now - _DAY),
            network=sent_before,
            this_hour=notices.by_strangers_since(connection, here, now - _HOUR),
            policy=runtime.policies[NoticePolicy],
        )
        if reporter is None:
            networks.add_listings(connection, network, len(locations))
            networks.forget(connection, now - _DAY)
        notice_id = runtime.ids.new("ntc")
        row = {
            "marketplace_id": here,
            "notice_id": notice_id,
            "reporter_id": sender.reporter_id,
            "channel": channel.value,
            "reason_code": written.reason_code,
            "explanation": written.explanation.strip(),
            "known_at": now,
        }
        notices.add_notice(connection, row)
        known = reputation_of(runtime, connection, sender, now)
        warned = warn_if_due(connection, sender, known, now)
        context = NoticeContext(runtime, connection, here, sender, notice_id, written.reason_code, now, known.doubted)
        record(context, "notice.received", notice_id, _payload(context, channel, len(locations)))
        states = take_listings(context, locations)
        listings = tuple(zip(locations, states, strict=True))
        queue_receipt(runtime, connection, sender, notice_id, len(locations))
        return Receipt(notice_id, now, link_for(runtime, here, notice_id), listings, WARNING if warned else None)


def _as_registered(draft: Draft, reporter: Reporter | None) -> Draft:
    """The draft with a registered notifier's name and address, which need not be repeated."""
    if reporter is None:
        return draft
    return replace(draft, name=reporter.name or draft.name, email=reporter.email or draft.email)


def _marketplace(connection: Connection, name: str | None, reporter: Reporter | None, locations: Sequence[str]) -> str:
    """The id of the marketplace of a notice. A stranger is never told which marketplaces there are."""
    if reporter is not None:
        return reporter.marketplace_id
    everyone = marketplaces.everyone(connection)
    if name is not None:
        found = [one.marketplace_id for one in everyone if one.name == name]
    elif len(everyone) > 1:
        found = marketplaces_of(connection, [one.marketplace_id for one in everyone], locations)
    else:
        found = [one.marketplace_id for one in everyone]
    if len(found) != 1:
        raise Invalid(_WHERE)
    return found[0]


def _known_stranger(runtime: Runtime, connection: Connection, here: str, draft: Draft, now: datetime) -> Reporter:
    """The stranger with an address; an erased one that returns while muted gets name and address again."""
    row = _stranger(runtime, here, draft, now)
    found = reporters.stranger(connection, row)
    if found.email is None:
        named = {"name": row["name"], "email": row["email"], "erasure_asked_at": None, "erased_at": None}
        reporters.change(connection, found, **named)
    return found


def _stranger(runtime: Runtime, here: str, draft: Draft, now: datetime) -> dict[str, Any]:
    return {
        "marketplace_id": here,
        "reporter_id": runtime.ids.new("rep"),
        "kind": ReporterKind.UNREGISTERED.value,
        "name": draft.name.strip(),
        "email": draft.email.strip(),
        "email_token": email_token(runtime, here, draft.email),
        "known_at": now,
    }


def email_token(runtime: Runtime, marketplace_id: str, email: str) -> str:
    """The keyed hash of an address that identifies a stranger; it never equals the hash of a seller's contact."""
    folded = email.strip().casefold()
    message = f"touchstone reporter v1\n{marketplace_id}\n{folded}".encode()
    return hmac.digest(runtime.contact_key, message, hashlib.sha256).hex()


def network_token(runtime: Runtime, address: str, at: datetime) -> str:
    """The keyed hash of a sender's network on a day; on another day it is another, so that days cannot be linked."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        named = address
    else:
        # A provider gives each customer 64 bits of IPv6 addresses or more.
        named = str(ipaddress.ip_network((found, 64), strict=False)) if found.version == _IPV6 else str(found)
    message = f"touchstone notice network v1\n{at:%Y-%m-%d}\n{named}".encode()
    return hmac.digest(runtime.contact_key, message, hashlib.sha256).hex()


def _payload(context: NoticeContext, channel: Channel, listings: int) -> dict[str, Any]:
    """The audit log's record of a notice, without personal data, because an entry cannot be erased alone."""
    muted = context.reporter.is_muted(context.at)
    return {
        "reporter_id": context.reporter.reporter_id,
        "reporter_kind": context.reporter.kind.value,
        "channel": channel.value,
        "reason_code": context.reason_code,
        "offers": listings,
        **({"muted_because": context.reporter.muted_because} if muted else {}),
    }
