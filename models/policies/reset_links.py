"""How long a link holds by which somebody who forgot their password chooses another."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ResetLinkPolicy:
    """Settings of reset links."""

    # Whoever asked for it is waiting; it opens an account that exists, so it lies about for less than an invitation.
    # OWASP asks for "an appropriate period" and names none. Ours.
    valid_hours: int = 24


DEFAULT_RESET_LINKS: Final = ResetLinkPolicy()
