"""The kinds of entries in the search index."""

from enum import StrEnum


class EntryKind(StrEnum):
    LISTING = "listing"
    SELLER = "seller"
