"""Documents that people hand in: told by their first bytes, named without what a name can hide. Never opened here."""

import re
import unicodedata
from typing import Final

_KINDS: Final = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
_ENDINGS: Final = dict(_KINDS.values())
_LONGEST_NAME: Final = 120
_PATH: Final = re.compile(r"[/\\]")


def media_type_of(content: bytes) -> str | None:
    """The media type of a document by its first bytes, whatever its name or its sender claims; None for other types.

    >>> media_type_of(b"%PDF-1.7"), media_type_of(b"<html>")
    ('application/pdf', None)
    """
    return next((kind for magic, (kind, _) in _KINDS.items() if content.startswith(magic)), None)


def ending_of(media_type: str) -> str:
    """The ending of a file of this type, where we give it out under a name of our own.

    >>> ending_of("image/jpeg")
    'jpg'
    """
    return _ENDINGS[media_type]


def readable_name(given: str) -> str:
    """A file's name as people may read it: no folders, no control, direction or invisible characters, no end of a page.

    It is text to show and never a name under which anything is stored or given out.

    >>> readable_name("C:\\\\scans\\\\invoice 1177.pdf"), readable_name("../../etc/passwd"), readable_name(" ")
    ('invoice 1177.pdf', 'passwd', 'document')
    """
    last = _PATH.split(unicodedata.normalize("NFC", given))[-1]
    kept = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " * one.isspace() for one in last)
    return " ".join(kept.split())[:_LONGEST_NAME].strip() or "document"
