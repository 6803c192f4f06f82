"""The two sides of the messages between a brand and its account manager."""

from enum import StrEnum


class MessageSide(StrEnum):
    """The writer."""

    BRAND = "brand"
    MANAGER = "manager"

    @property
    def other(self) -> "MessageSide":
        """The reader."""
        return MessageSide.MANAGER if self is MessageSide.BRAND else MessageSide.BRAND
