"""When a brand is reminded of a question, and when its account manager is told."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ReminderPolicy:
    """Settings of `models.reminders`; hours before the question goes back (`EnforcementPolicy`, four days)."""

    # Half of the time has passed, and a working day is left on either side of a weekend.
    reminded_before_hours: int = 48
    # A last day: good standing answers within 24 h (Capabilities C.6), and the account manager can still call.
    escalated_before_hours: int = 24


DEFAULT_REMINDERS: Final = ReminderPolicy()
