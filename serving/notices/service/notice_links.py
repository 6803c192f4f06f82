"""The notifier's access to receipt and decision without an account: a signed link to one notice.

The signature is computed from the data directory's key each time, as for a seller's link; no secret is stored.
"""

import base64
import hashlib
import hmac
import re
from typing import Final

from sqlalchemy import Connection

from models.errors import NotFound
from serving.notices.store import notices, reporters
from serving.notices.store.notices import StoredNotice
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime

PLACE: Final = "/notice/"
CONFIRMATION: Final = "/notice/confirm/"
DOCUMENTS: Final = re.compile(r"/notice/[^/]+/documents")
_TOKEN: Final = re.compile(r"(ntc_[0-9a-z]{26})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone notice link v1"
_CONFIRMING: Final = b"touchstone notice confirmation v1"


def link_for(runtime: Runtime, marketplace_id: str, notice_id: str) -> str:
    """The address of a notice's page: a full URL."""
    base = public_address(runtime.settings, runtime.home)
    return f"{base}{PLACE}{notice_id}.{_signature(runtime, marketplace_id, notice_id, _PURPOSE)}"


def confirmation_for(runtime: Runtime, marketplace_id: str, notice_id: str) -> str:
    """The address at which the notifier confirms a notice; only the message to the e-mail address contains it."""
    base = public_address(runtime.settings, runtime.home)
    return f"{base}{CONFIRMATION}{notice_id}.{_signature(runtime, marketplace_id, notice_id, _CONFIRMING)}"


def to_confirm(runtime: Runtime, connection: Connection, token: str) -> StoredNotice:
    """The notice that a link confirms.

    Raises NotFound (as `follow`; the link of the receipt confirms nothing, because its sender has it, under any
    address).
    """
    return _follow(runtime, connection, token, _CONFIRMING)


def follow(runtime: Runtime, connection: Connection, token: str) -> StoredNotice:
    """The notice to which a link leads; the link ends when its reporter is erased.

    Raises NotFound (the link is invalid or has ended; the error does not say which).
    """
    return _follow(runtime, connection, token, _PURPOSE)


def _follow(runtime: Runtime, connection: Connection, token: str, purpose: bytes) -> StoredNotice:
    named = _TOKEN.match(token)
    found = notices.by_id(connection, named[1]) if named else None
    given = named[2] if named else ""
    right = found is not None and hmac.compare_digest(
        given.encode(), _signature(runtime, found.marketplace_id, found.notice_id, purpose).encode()
    )
    if found is None or not right or _is_erased(connection, found):
        raise NotFound("This link is invalid or has expired.")
    return found


def _is_erased(connection: Connection, found: StoredNotice) -> bool:
    return reporters.get(connection, found.marketplace_id, found.reporter_id).erased_at is not None


def _signature(runtime: Runtime, marketplace_id: str, notice_id: str, purpose: bytes) -> str:
    key = hmac.digest(runtime.contact_key, purpose, hashlib.sha256)
    made = hmac.digest(key, f"{marketplace_id}\n{notice_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
