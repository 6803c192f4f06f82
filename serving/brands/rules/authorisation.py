"""Entries of a list of authorised sellers that need a check, and the two sides of a brand's messages."""

from collections.abc import Collection, Sequence
from enum import StrEnum

from serving.brands.policy import AuthorisationPolicy


def sellers_needing_check(
    sellers: Sequence[str], struck: Collection[str], added_today: int, policy: AuthorisationPolicy
) -> tuple[str, ...]:
    """The sellers whose entries wait for the account manager, in their order.

    `struck` sold confirmed counterfeits of the brand; `added_today` are the entries of the last 24 hours.
    """
    free = set([seller for seller in sellers if seller not in struck][: max(0, policy.most_a_day - added_today)])
    return tuple(seller for seller in sellers if seller not in free)


class MessageSide(StrEnum):
    """The writer."""

    BRAND = "brand"
    MANAGER = "manager"

    @property
    def other(self) -> "MessageSide":
        """The reader."""
        return MessageSide.MANAGER if self is MessageSide.BRAND else MessageSide.BRAND
