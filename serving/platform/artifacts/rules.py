"""The kinds of files that processes share."""

from enum import StrEnum


class Kind(StrEnum):
    """What a digest names: equal digests of two kinds are different files."""

    BUNDLE = "bundle"
    SNAPSHOT = "snapshot"
