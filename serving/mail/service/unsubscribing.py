"""Unsubscribe links, which need no sign-in (RFC 8058), and the choices of a person."""

import re
from collections.abc import Mapping
from typing import Final

from models.errors import NotFound
from serving.mail.rules.kinds import MailKind, is_optional
from serving.mail.rules.quiet_hours import QuietHours
from serving.mail.store import choices
from serving.platform.public_address import public_address
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature

PLACE: Final = "/mail/unsubscribe/"
_TOKEN: Final = re.compile(r"(usr_[0-9a-z]{26})\.([a-z_]{1,40})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone unsubscribe link v1"


def unsubscribe_link(runtime: Runtime, user_id: str, kind: MailKind) -> str:
    """The address at which the reader turns a kind of mail off: a full URL."""
    base = public_address(runtime.settings, runtime.home)
    return f"{base}{PLACE}{user_id}.{kind}.{signature(runtime.contact_key, _PURPOSE, user_id, kind)}"


def read_link(runtime: Runtime, token: str) -> tuple[str, MailKind]:
    """The account and the kind of mail of a link. Raises NotFound (the link is invalid)."""
    match = _TOKEN.match(token)
    kinds = [kind for kind in MailKind if match is not None and is_optional(kind) and kind == match[2]]
    if not match or not kinds or not is_signature(match[3], runtime.contact_key, _PURPOSE, match[1], kinds[0]):
        raise NotFound("This link is invalid or has expired.")
    return match[1], kinds[0]


def unsubscribe(runtime: Runtime, token: str) -> MailKind:
    """Turn off the kind of mail of a link; it may be repeated. Raises NotFound (the link is invalid)."""
    user_id, kind = read_link(runtime, token)
    with runtime.store.write() as connection:
        choices.save(connection, user_id, kind, is_wanted=False, at=runtime.clock.now())
    return kind


def choose_mails(runtime: Runtime, user_id: str, wishes: Mapping[MailKind, bool], quiet: QuietHours | None) -> None:
    """Store which of these kinds a person wants, without the mandatory ones, and their quiet hours."""
    now = runtime.clock.now()
    with runtime.store.write() as connection:
        for kind in filter(is_optional, wishes):
            choices.save(connection, user_id, kind, is_wanted=wishes[kind], at=now)
        choices.save_quiet_hours(connection, user_id, quiet, now)
