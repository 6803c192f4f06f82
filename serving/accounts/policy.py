"""The settings of the rules of accounts: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How long somebody who is invited has to come.


@dataclass(frozen=True, slots=True)
class InvitationPolicy:
    """Settings of invitations."""

    # A week holds a holiday and a weekend; a link that lies about in a mailbox is a risk that grows. Ours.
    valid_days: int = 7


DEFAULT_INVITATIONS: Final = InvitationPolicy()


# How long a link holds by which somebody who forgot their password chooses another.


@dataclass(frozen=True, slots=True)
class ResetLinkPolicy:
    """Settings of reset links."""

    # The person who requested the link is waiting for it. The link opens an existing account, so its lifetime is
    # shorter than an invitation's. OWASP asks for "an appropriate period" and names none. Ours.
    valid_hours: int = 24


DEFAULT_RESET_LINKS: Final = ResetLinkPolicy()
