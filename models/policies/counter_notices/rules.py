"""What a profile of counter-notice rules says."""

from dataclasses import dataclass
from enum import StrEnum


class Days(StrEnum):
    """How the days of a deadline are counted."""

    BUSINESS = "business"  # Of the seller's country: neither its weekend nor its holidays.
    CALENDAR = "calendar"


class Silence(StrEnum):
    """What follows when a deadline passes and nobody has spoken."""

    REMOVAL_STANDS = "removal_stands"
    REINSTATED = "reinstated"
    REVIEWED = "reviewed"  # A person who did not decide before decides.


class Maintaining(StrEnum):
    """What a rights holder must bring so that the removal outlives a counter-notice."""

    REASONS = "reasons"
    COURT_ACTION = "court_action"


@dataclass(frozen=True, slots=True)
class CounterNoticePolicy:
    """Settings of `models.counter_notice`. A round is one counter-notice and the rights holder's answer to it.

    `seller_days` is None where the seller may answer as long as an appeal is open. `rights_holder_days` is None where
    the rights holder is not asked: the counter-notice goes to a person of the marketplace.
    """

    name: str
    most_rounds: int
    days: Days
    seller_days: int | None
    rights_holder_days: int | None
    later_round_days: int | None
    seller_silence: Silence
    rights_holder_silence: Silence
    maintaining: Maintaining
