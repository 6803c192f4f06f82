"""The seller's access without an account: a signed, revocable link to one removal, with an end.

The signature is computed from the service's key each time, so neither the database nor the log contains a usable link.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from models.errors import NotFound
from serving.appeals.policy import AppealPolicy
from serving.appeals.rules.appeals import appeal_period_end
from serving.appeals.store import seller_links
from serving.appeals.store.seller_links import SellerLink
from serving.audit.store import audit
from serving.marketplaces.store import marketplaces
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature
from serving.takedowns.store import actions
from serving.takedowns.store.actions import StoredAction
from serving.webhooks.rules.action import ActionKind

PLACE: Final = "/seller/"
DOCUMENTS: Final = re.compile(r"/seller/[^/]+(?:/documents)?")
_TOKEN: Final = re.compile(r"(act_[0-9a-z]{26})\.([1-9][0-9]{0,5})\.([\w-]{43})\Z", re.ASCII)
# An appeal is open from the acknowledgement, and deliveries are retried for a week.
_HEARD_LATE: Final = timedelta(days=14)
_PURPOSE: Final = b"touchstone seller link v1"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """The target of a link."""

    removal: StoredAction
    link: SellerLink


def links_for(runtime: Runtime, connection: Connection, removals: Sequence[StoredAction]) -> dict[str, str]:
    """The addresses of the links to removals of one marketplace, by removal; one whose link was revoked is absent.

    A link is created at the first call and stable. It is valid as long as the removal can be appealed against, even if
    the marketplace acknowledges it late. It is a full URL.
    """
    if not removals:
        return {}
    marketplace_id = removals[0].marketplace_id
    known_links = seller_links.latest_of(connection, marketplace_id, [removal.action_id for removal in removals])
    new_links = _create_links(
        runtime, connection, [removal for removal in removals if removal.action_id not in known_links]
    )
    place = public_address(runtime.settings, runtime.home)
    links = {**known_links, **{seller_link.action_id: seller_link for seller_link in new_links}}
    return {key: _address(runtime, place, link) for key, link in links.items() if link.revoked_at is None}


def new_link(runtime: Runtime, marketplace_id: str, action_id: str) -> str:
    """A new link to a removal; earlier links to it are no longer valid. Raises NotFound (there is no such removal)."""
    with runtime.store.write() as connection:
        removal = _removal(connection, marketplace_id, action_id)
        seller_links.revoke(connection, marketplace_id, action_id, runtime.clock.now())
        (link,) = _create_links(runtime, connection, [removal])
        return _address(runtime, public_address(runtime.settings, runtime.home), link)


def set_seller_links(runtime: Runtime, marketplace_id: str, *, enabled: bool, by: str) -> None:
    """Set whether a marketplace gets the seller's link with every removal; links that it has stay valid."""
    with runtime.store.write() as connection:
        audit.lock(connection)
        at, act = runtime.clock.now(), "marketplace.seller_links"
        marketplaces.record_seller_links(connection, marketplace_id, None if enabled else at)
        audit.record(connection, at, marketplace_id, by, act, marketplace_id, enabled=enabled)


def revoke_links(runtime: Runtime, marketplace_id: str, action_id: str) -> int:
    """Revoke the links to a removal; returns how many were still valid. Raises NotFound (there is no such removal)."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        removal = _removal(connection, marketplace_id, action_id)
        ended = seller_links.revoke(connection, marketplace_id, action_id, now)
        if ended:
            _record(connection, [removal], "revoked", now)
    return ended


def target_of(runtime: Runtime, connection: Connection, token: str) -> LinkTarget:
    """The removal that a link leads to.

    Raises NotFound (the link is unknown or no longer valid. The error does not give the reason).
    """
    named, now = _TOKEN.match(token), runtime.clock.now()
    link = seller_links.by_number(connection, named[1], int(named[2])) if named else None
    if not named or not link or not is_signature(named[3], *_signature_parts(runtime, link)) or not link.holds(now):
        raise NotFound("This link is invalid or has expired. Ask the marketplace for a new one.")
    return LinkTarget(actions.get(connection, link.marketplace_id, link.action_id), link)


def _removal(connection: Connection, marketplace_id: str, action_id: str) -> StoredAction:
    removal = actions.get(connection, marketplace_id, action_id)
    if removal.kind is not ActionKind.REMOVE:
        raise NotFound("There is no such removal.")
    return removal


def _create_links(runtime: Runtime, connection: Connection, removals: Sequence[StoredAction]) -> list[SellerLink]:
    if not removals:
        return []
    now, marketplace_id = runtime.clock.now(), removals[0].marketplace_id
    expires_at = appeal_period_end(now + _HEARD_LATE, runtime.policies[AppealPolicy])
    ids = [removal.action_id for removal in removals]
    links = seller_links.add_links(connection, marketplace_id, ids, at=now, expires_at=expires_at)
    _record(connection, removals, "made", now)
    return links


def _address(runtime: Runtime, place: str, link: SellerLink) -> str:
    return f"{place}{PLACE}{_token(runtime, link)}"


def _token(runtime: Runtime, link: SellerLink) -> str:
    return f"{link.action_id}.{link.number}.{signature(*_signature_parts(runtime, link))}"


def _signature_parts(runtime: Runtime, link: SellerLink) -> tuple[bytes, bytes, str, str, int, str]:
    """The key, and all fields of the link."""
    end = link.expires_at.isoformat()
    return runtime.contact_key, _PURPOSE, link.marketplace_id, link.action_id, link.number, end


def _record(connection: Connection, removals: Sequence[StoredAction], what: str, at: datetime) -> None:
    acts = [(f"seller_link.{what}", removal.action_id, {"listing_id": removal.listing_id}) for removal in removals]
    audit.record_all(connection, at, removals[0].marketplace_id, "service", acts)
