"""How long an entry on a list of sellers lasts, and how far a denied seller's shadow falls."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SellerListPolicy:
    """Settings of `models.seller_lists` and of who may put whom on a list."""

    # As long as a strike (models.policies.strikes): what was true of a seller a year ago is looked at again.
    entry_days: int = 365
    # Nobody is on a list for ever without being looked at.
    most_days: int = 1_095
    # Contacts are shared by chance with every further step (models.policies.links).
    most_steps: int = 2


DEFAULT_SELLER_LISTS: Final = SellerListPolicy()
