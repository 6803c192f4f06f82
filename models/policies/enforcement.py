"""When a verdict takes an offer down, and how long it can be taken back."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EnforcementPolicy:
    """Settings of `models.verdict.consequence` and of the action that follows."""

    # Axur's window (Capabilities C.11): long enough to see a slip, short enough that nobody waits for it.
    undo_window_seconds: int = 180
    # Only the rights holder can authenticate the goods; an analyst decides alone where there is nobody to ask.
    analyst_removes_if_brand_takes_part: bool = False
    # A question that a brand has not answered in four days goes back (Mercado Libre: Capabilities C.4).
    brand_answers_within_hours: int = 96
    # The time to decide a case before it counts as overdue (Capabilities C.6: 24 h in good standing).
    analyst_decides_within_hours: int = 24
    # Goods that have arrived are inspected, sent on and examined by a laboratory in two weeks; later they are overdue.
    test_buy_examined_within_days: int = 14
    # What the model began leaves up to so much later, uniformly at random: longer than an analyst's day has quiet hours
    # would keep a counterfeit on sale, shorter would still show the hour in which the desk works. An inference of ours.
    random_delay_minutes: int = 120
    # A case is kept for the one who opened it while they read; longer would block a colleague after a closed tab.
    lease_seconds: int = 900


DEFAULT_ENFORCEMENT: Final = EnforcementPolicy()
