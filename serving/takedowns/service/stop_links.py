"""The signed link by which a person who was told of removals stops them, without a sign-in."""

import re
from typing import Final

from models.errors import NotFound
from serving.platform.runtime import Runtime
from serving.platform.sealing import is_signature, signature

# The pages of the links, by what they stop: a large report, or the removals that a notice names.
REPORTS: Final = "/stop-report/"
REMOVALS: Final = "/stop-removals/"
_PLACES: Final = {"rpt": REPORTS, "rmn": REMOVALS}
_TOKEN: Final = re.compile(r"(usr_[0-9a-z]{26})\.((rpt|rmn)_[0-9a-z]{26})\.([\w-]{43})\Z", re.ASCII)
_PURPOSE: Final = b"touchstone stop link v1"


def stop_path(runtime: Runtime, user_id: str, subject_id: str) -> str:
    """The path of a person's link for a report, or for the removals that a notice names."""
    signed = signature(runtime.contact_key, _PURPOSE, user_id, subject_id)
    return f"{_PLACES[subject_id[:3]]}{user_id}.{subject_id}.{signed}"


def read_link(runtime: Runtime, token: str, place: str) -> tuple[str, str]:
    """The person of a link, and what it stops; `place` is the page that was asked.

    Raises NotFound (the link is invalid, or leads to another page).
    """
    match = _TOKEN.match(token)
    if (
        match is None
        or _PLACES[match[3]] != place
        or not is_signature(match[4], runtime.contact_key, _PURPOSE, match[1], match[2])
    ):
        raise NotFound("This link is invalid or has expired.")
    return match[1], match[2]
