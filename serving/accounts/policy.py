"""The settings of the rules of accounts: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final

# How long an invitation can be accepted.


@dataclass(frozen=True, slots=True)
class InvitationPolicy:
    """Settings of invitations."""

    # A week spans a holiday and a weekend; a link that stays in a mailbox longer is a growing risk. Ours.
    valid_days: int = 7
    # A stolen lead account could otherwise invite accounts and confirm with them at once. In a day the brand's people
    # and the marketplace see the invitation, and the lead is asked. Ours.
    colleague_confirms_after_hours: int = 24


DEFAULT_INVITATIONS: Final = InvitationPolicy()


# How long a password reset link is valid.


@dataclass(frozen=True, slots=True)
class ResetLinkPolicy:
    """Settings of reset links."""

    # The person who requested the link is waiting for it. The link opens an existing account, so its lifetime is
    # shorter than an invitation's. OWASP asks for "an appropriate period" and names none. Ours.
    valid_hours: int = 24


DEFAULT_RESET_LINKS: Final = ResetLinkPolicy()
