"""The notifier's access to receipt and decision without an account: a signed link to one notice.

The signature is computed from the data directory's key each time, as for a seller's link; no secret is stored.
"""

import re
from typing import Final

from sqlalchemy import Connection

from models.errors import NotFound
from serving.notices.store import notices, reporters
from serving.notices.store.notices import StoredNotice
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature

PLACE: Final = "/notice/"
CONFIRMATION: Final = "/notice/confirm/"
DOCUMENTS: Final = re.compile(r"/notice/[^/]+/documents")
_TOKEN: Final = re.compile(r"(ntc_[0-9a-z]{26})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone notice link v1"
_CONFIRMING: Final = b"touchstone notice confirmation v1"


def notice_link(runtime: Runtime, marketplace_id: str, notice_id: str) -> str:
    """The address of a notice's page: a full URL."""
    return _signed_address(runtime, PLACE, marketplace_id, notice_id, _PURPOSE)


def confirmation_link(runtime: Runtime, marketplace_id: str, notice_id: str) -> str:
    """The address at which the notifier confirms a notice; only the message to the e-mail address contains it."""
    return _signed_address(runtime, CONFIRMATION, marketplace_id, notice_id, _CONFIRMING)


def notice_to_confirm(runtime: Runtime, connection: Connection, token: str) -> StoredNotice:
    """The notice that a link confirms.

    Raises NotFound (as `follow`; the link of the receipt confirms nothing, because its sender has it, under any
    address).
    """
    return _read_link(runtime, connection, token, _CONFIRMING)


def notice_of_link(runtime: Runtime, connection: Connection, token: str) -> StoredNotice:
    """The notice to which a link leads; the link ends when its reporter is erased.

    Raises NotFound (the link is invalid or has ended; the error does not say which).
    """
    return _read_link(runtime, connection, token, _PURPOSE)


def _read_link(runtime: Runtime, connection: Connection, token: str, purpose: bytes) -> StoredNotice:
    named = _TOKEN.match(token)
    notice = notices.by_id(connection, named[1]) if named else None
    if (
        not named
        or not notice
        or not is_signature(named[2], runtime.contact_key, purpose, notice.marketplace_id, notice.notice_id)
        or _is_erased(connection, notice)
    ):
        raise NotFound("This link is invalid or has expired.")
    return notice


def _is_erased(connection: Connection, notice: StoredNotice) -> bool:
    return reporters.get(connection, notice.marketplace_id, notice.reporter_id).erased_at is not None


def _signed_address(runtime: Runtime, place: str, marketplace_id: str, notice_id: str, purpose: bytes) -> str:
    signed = signature(runtime.contact_key, purpose, marketplace_id, notice_id)
    return f"{public_address(runtime.settings, runtime.home)}{place}{notice_id}.{signed}"
