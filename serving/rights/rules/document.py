"""Supplied documents: their type by the first bytes, and a name that is safe to show. They are never opened here."""

import re
import unicodedata
from typing import Final

_KINDS: Final = {
    b"%PDF-": ("application/pdf", "pdf"),
    b"\x89PNG\r\n\x1a\n": ("image/png", "png"),
    b"\xff\xd8\xff": ("image/jpeg", "jpg"),
}
_ENDINGS: Final = dict(_KINDS.values())
MEDIA_TYPES: Final = tuple(_ENDINGS)
LONGEST_NAME: Final = 120
_PATH: Final = re.compile(r"[/\\]")


def media_type_of(content: bytes) -> str | None:
    """The media type of a document by its first bytes, regardless of its name; None for unsupported types.

    >>> media_type_of(b"%PDF-1.7"), media_type_of(b"<html>")
    ('application/pdf', None)
    """
    return next((kind for magic, (kind, _) in _KINDS.items() if content.startswith(magic)), None)


def ending_of(media_type: str) -> str:
    """The file extension of this media type, for downloads under a name of our own.

    >>> ending_of("image/jpeg")
    'jpg'
    """
    return _ENDINGS[media_type]


def readable_name(given: str) -> str:
    """A file's name for display, without folders and without control, direction, invisible or separator characters.

    It is only shown; files are never stored or served under it.

    >>> readable_name("C:\\\\scans\\\\invoice 1177.pdf"), readable_name("../../etc/passwd"), readable_name(" ")
    ('invoice 1177.pdf', 'passwd', 'document')
    """
    last = _PATH.split(unicodedata.normalize("NFC", given))[-1]
    kept = "".join(one if unicodedata.category(one)[0] not in "CZ" else " " * one.isspace() for one in last)
    return " ".join(kept.split())[:LONGEST_NAME].strip() or "document"
