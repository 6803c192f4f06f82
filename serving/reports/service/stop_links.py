"""The signed link by which a person who was told of a large report stops it, without a sign-in."""

import base64
import hashlib
import hmac
import re
from typing import Final

from models.errors import NotFound
from serving.platform.runtime import Runtime

PLACE: Final = "/stop-report/"
_TOKEN: Final = re.compile(r"(usr_[0-9a-z]{26})\.(rpt_[0-9a-z]{26})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone stop link v1"


def stop_path(runtime: Runtime, user_id: str, report_id: str) -> str:
    """The path of a person's link for a report."""
    return f"{PLACE}{user_id}.{report_id}.{_signature(runtime, user_id, report_id)}"


def link_of(runtime: Runtime, token: str) -> tuple[str, str]:
    """The person and the report of a link.

    Raises
    ------
    NotFound
        The link is invalid.
    """
    found = _TOKEN.match(token)
    if found is None or not hmac.compare_digest(found[3], _signature(runtime, found[1], found[2])):
        raise NotFound("This link is invalid or has expired.")
    return found[1], found[2]


def _signature(runtime: Runtime, user_id: str, report_id: str) -> str:
    key = hmac.digest(runtime.contact_key, _PURPOSE, hashlib.sha256)
    made = hmac.digest(key, f"{user_id}\n{report_id}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()
