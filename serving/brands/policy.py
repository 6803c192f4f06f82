"""The settings of the rules of brands: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

# The certification of brand users, and the first phase of a brand before one click of it counts in full.


@dataclass(frozen=True, slots=True)
class EnrolmentPolicy:
    """Settings of `serving.brands.rules.gate` and of `serving.standing.rules.enrolment`.

    The numbers are inferences of ours.
    """

    # Rules, goods and people change; a year is what most compliance trainings last.
    briefing_valid_days: int = 365
    # A month is enough to answer eight questions again before the answer to the first listing is refused.
    briefing_warned_days: int = 30
    # A person who failed reads the reasons before the next try; the wait is long enough that guessing does not pay.
    briefing_again_after_minutes: int = 10
    # The first phase ends with so many counted outcomes and so many days: the first objections have come in by then
    # (three business days of the seller, four of the brand: `ALIBABA_LIKE` in `serving.appeals.policy`), and they come
    # from more than one morning.
    first_phase_days: int = 14
    first_phase_outcomes: int = 20
    # Half of what may leave in one hour later on; the excess goes to an analyst, who learns the brand by it.
    first_phase_daily: int = 10
    # As much as of a brand in provisional standing is looked at again.
    first_phase_audit: Decimal = Decimal("0.10")


DEFAULT_ENROLMENT: Final = EnrolmentPolicy()
