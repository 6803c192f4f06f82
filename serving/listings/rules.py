"""The kinds of entries in the search index."""

from enum import StrEnum


class EntryKind(StrEnum):
    """The kind of an entry."""

    LISTING = "listing"
    SELLER = "seller"
