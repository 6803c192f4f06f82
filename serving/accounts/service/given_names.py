"""Validation of names and e-mail addresses before they are stored."""

import re
from collections.abc import Sequence
from typing import Final

from models.errors import Invalid

UNSTORABLE: Final = "\x00\ud800-\udfff"
_ADDRESS: Final = re.compile(rf"[^@\s{UNSTORABLE}]+@[^@\s{UNSTORABLE}]+\.[^@\s.{UNSTORABLE}]+\Z")
_NAME: Final = re.compile(rf"[^{UNSTORABLE}]{{1,200}}\Z")
_PREFIX: Final = re.compile(r"[0-9]{4,12}\Z")
_LONGEST_ADDRESS: Final = 320  # RFC 3696: 64 characters, the sign, 255 characters.


def checked_address(email: str) -> str:
    """An e-mail address as it is stored. Raises Invalid (the text is not an e-mail address)."""
    if not _ADDRESS.match(email) or len(email) > _LONGEST_ADDRESS:
        raise Invalid("This is not an e-mail address.")
    return email.strip().lower()


def checked_prefixes(prefixes: Sequence[str]) -> tuple[str, ...]:
    """GS1 company prefixes as they are stored. Raises Invalid (one is not 4 to 12 digits)."""
    for prefix in prefixes:
        if not _PREFIX.match(prefix):
            raise Invalid("{prefix} is no GS1 company prefix of 4 to 12 digits.", prefix=prefix[:20])
    return tuple(prefixes)


def checked_name(what: str, name: str) -> str:
    """A name as it is stored. Raises Invalid (it is empty, longer than 200 characters, or cannot be stored)."""
    stripped_name = name.strip()
    if not _NAME.match(stripped_name):
        raise Invalid("A {what} has a name of at most 200 characters.", what=what)
    return stripped_name
