"""How long somebody who is invited has to come."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class InvitationPolicy:
    """Settings of invitations."""

    # A week holds a holiday and a weekend; a link that lies about in a mailbox is a risk that grows. Ours.
    valid_days: int = 7


DEFAULT_INVITATIONS: Final = InvitationPolicy()
