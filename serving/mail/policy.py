"""The settings of the rules of mail: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class MailPolicy:
    """Settings of `serving.mail.rules`."""

    # RFC 5321, section 4.5.4.1: the first retry after a few minutes, the later ones at least half an hour apart. The
    # last delay repeats until `give_up_after_days`.
    retry_delays_seconds: tuple[int, ...] = (60, 300, 1800, 3600, 7200, 14400)
    # Mails that failed together must not retry together.
    jitter_share: float = 0.2
    # RFC 5321, section 4.5.4.1: four to five days.
    give_up_after_days: float = 4.0
    # A person is sent at most one summary of a kind in this time. Four an hour can still be read; ours.
    summary_minutes: int = 15
    # Evening to morning. A reminder a day before a deadline then still leaves eight hours; ours.
    longest_quiet_hours: int = 16


DEFAULT_MAIL: Final = MailPolicy()
