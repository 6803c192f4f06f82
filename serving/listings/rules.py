"""The kinds of entries in the search index, and the states of uploaded files."""

from enum import StrEnum


class EntryKind(StrEnum):
    LISTING = "listing"
    SELLER = "seller"


class FileState(StrEnum):
    """The state of an uploaded file of listings."""

    DRAFT = "draft"  # Its columns can be corrected.
    IMPORTING = "importing"
    IMPORTED = "imported"
    UNREADABLE = "unreadable"  # Rows before the fault are taken in.
