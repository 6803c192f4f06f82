"""Unsubscribe links, which need no sign-in (RFC 8058), and the choices of a person."""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection
from typing import Final

from models.errors import NotFound
from serving.mail.rules.kinds import MailKind, is_optional
from serving.mail.store import choices
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime

PLACE: Final = "/mail/unsubscribe/"
_TOKEN: Final = re.compile(r"(usr_[0-9a-z]{26})\.([a-z_]{1,40})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone unsubscribe link v1"


def unsubscribe_link(runtime: Runtime, user_id: str, kind: MailKind) -> str:
    """The address at which the reader turns a kind of mail off: a full URL."""
    base = public_address(runtime.settings, runtime.home)
    return f"{base}{PLACE}{user_id}.{kind}.{_signature(runtime, user_id, kind)}"


def kind_of(runtime: Runtime, token: str) -> tuple[str, MailKind]:
    """The account and the kind of mail of a link. Raises NotFound (the link is invalid)."""
    found = _TOKEN.match(token)
    kinds = [one for one in MailKind if found is not None and is_optional(one) and one == found[2]]
    if found is None or not kinds or not hmac.compare_digest(found[3], _signature(runtime, found[1], kinds[0])):
        raise NotFound("This link is invalid or has expired.")
    return found[1], kinds[0]


def unsubscribe(runtime: Runtime, token: str) -> MailKind:
    """Turn off the kind of mail of a link; it may be repeated. Raises NotFound (the link is invalid)."""
    user_id, kind = kind_of(runtime, token)
    with runtime.store.write() as connection:
        choices.put(connection, user_id, kind, wanted=False, at=runtime.clock.now())
    return kind


def choose_mails(runtime: Runtime, user_id: str, offered: Collection[MailKind], wanted: Collection[MailKind]) -> None:
    """Store which of the offered kinds a person wants; mandatory kinds are left out."""
    with runtime.store.write() as connection:
        for kind in filter(is_optional, offered):
            choices.put(connection, user_id, kind, wanted=kind in wanted, at=runtime.clock.now())


def _signature(runtime: Runtime, user_id: str, kind: MailKind) -> str:
    key = hmac.digest(runtime.contact_key, _PURPOSE, hashlib.sha256)
    made = hmac.digest(key, f"{user_id}\n{kind}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
