"""Admission of notices: complete, within the limits, and of one marketplace. Submissions count before any look-up."""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from features.phrase import Phrase
from models.errors import DomainError, Invalid
from serving.marketplaces.store import marketplaces
from serving.notices.policy import NoticePolicy
from serving.notices.rules.notice_counts import check_network, check_number, check_size
from serving.notices.rules.notices import Draft, ReporterKind, check_lengths, missing_elements, strip_right
from serving.notices.service.notified_listings import marketplaces_of
from serving.notices.store import networks, notices, previews, reporters
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
class AdmittedNotice:
    """An admitted notice in its transaction: the marketplace, the draft as it is kept, and its listings, each once."""

    connection: Connection
    marketplace_id: str
    draft: Draft
    locations: tuple[str, ...]
    at: datetime


@contextmanager
def admission(
    runtime: Runtime, marketplace: str | None, draft: Draft, reporter: Reporter | None, address: str
) -> Iterator[AdmittedNotice]:
    """The transaction of an admitted notice; `address` is the network address of the sender, which is not stored.

    A stranger's listings count for the network before anything is looked up, and they count also where the notice is
    refused after that. Otherwise answers and refusals would tell without limit which ids exist.

    Raises Invalid (an element is missing or too long, listings are too many, or nothing tells the marketplace) or
    TooManyNotices (a limit is reached).
    """
    written = _with_registered_name(draft, reporter)
    if lacking := missing_elements(written):
        raise Invalid(" ".join(map(str, lacking.values())))
    check_lengths(written)
    written = replace(written, right=strip_right(written.right))
    locations = tuple(dict.fromkeys(location.strip() for location in written.locations if location.strip()))
    policy, now = runtime.policies[NoticePolicy], runtime.clock.now()
    check_size(len(locations), kind=reporter.kind if reporter else ReporterKind.UNREGISTERED, policy=policy)
    refused: DomainError | None = None
    with runtime.store.write() as connection:
        if reporter is None:
            _count_network(connection, network_token(runtime, address, now), len(locations), now, policy)
        try:
            marketplace_id = _marketplace_of_notice(connection, marketplace, reporter, locations)
            if reporter is None:
                _check_stranger(runtime, connection, marketplace_id, written.email, len(locations), now)
        except DomainError as error:
            refused = error
        else:
            yield AdmittedNotice(connection, marketplace_id, written, locations, now)
    if refused is not None:
        raise refused


def _count_network(connection: Connection, network: str, listings: int, now: datetime, policy: NoticePolicy) -> None:
    check_network(listings, networks.listings_from(connection, network, now), policy)
    networks.add_listings(connection, network, listings)
    networks.delete_before(connection, now - _DAY)
    previews.delete_before(connection, now - _DAY)


def _check_stranger(
    runtime: Runtime, connection: Connection, marketplace_id: str, email: str, listings: int, now: datetime
) -> None:
    known = reporters.by_email_token(connection, marketplace_id, email_token(runtime, marketplace_id, email))
    who = None if known is None else known.reporter_id
    today = 0 if who is None else notices.confirmed_listings_since(connection, marketplace_id, who, now - _DAY)
    hour_ago = now - _HOUR
    sent, preview_count = (
        notices.count_by_strangers(connection, marketplace_id, hour_ago),
        previews.count_since(connection, marketplace_id, hour_ago),
    )
    check_number(listings, today=today, this_hour=sent + preview_count, policy=runtime.policies[NoticePolicy])


def _with_registered_name(draft: Draft, reporter: Reporter | None) -> Draft:
    """The draft with a registered notifier's name and address, which need not be repeated."""
    if reporter is None:
        return draft
    return replace(draft, name=reporter.name or draft.name, email=reporter.email or draft.email)


def _marketplace_of_notice(
    connection: Connection, name: str | None, reporter: Reporter | None, locations: Sequence[str]
) -> str:
    """The id of the marketplace of a notice. A stranger is never told which marketplaces there are."""
    if reporter is not None:
        return reporter.marketplace_id
    everyone = marketplaces.all_marketplaces(connection)
    if name is not None:
        marketplace_ids = [marketplace.marketplace_id for marketplace in everyone if marketplace.name == name]
    elif len(everyone) > 1:
        marketplace_ids = marketplaces_of(
            connection, [marketplace.marketplace_id for marketplace in everyone], locations
        )
    else:
        marketplace_ids = [marketplace.marketplace_id for marketplace in everyone]
    if len(marketplace_ids) != 1:
        raise Invalid(_WHERE)
    return marketplace_ids[0]


def email_token(runtime: Runtime, marketplace_id: str, email: str) -> str:
    """The keyed hash of an address that identifies a stranger; it never equals the hash of a seller's contact."""
    folded = email.strip().casefold()
    message = f"touchstone reporter v1\n{marketplace_id}\n{folded}".encode()
    return hmac.digest(runtime.contact_key, message, hashlib.sha256).hex()


def network_token(runtime: Runtime, address: str, at: datetime) -> str:
    """The keyed hash of a sender's network on a day; on another day it is another, so that days cannot be linked."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        named = address
    else:
        # A provider gives each customer 64 bits of IPv6 addresses or more.
        named = str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == _IPV6 else str(ip)
    message = f"touchstone notice network v1\n{at:%Y-%m-%d}\n{named}".encode()
    return hmac.digest(runtime.contact_key, message, hashlib.sha256).hex()
