"""Which labels are looked at again, and how many."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class SecondLookPolicy:
    """Settings of the second look after each training."""

    # About forty minutes of an analyst after each training; what does not fit comes back with the next, if it is still
    # in doubt.
    most_cases: int = 40
    # Doubts that a training reports. More than ten times what is looked at would only be a list.
    most_reported: int = 400
    # Nobody waits for it but the next training, so it may wait for a quiet day.
    due_within_days: int = 7
    # One answer of the desk in so many goes to a case whose answer is known: enough to see within months how somebody
    # judges, and two percent of their time. An inference of ours.
    known_answer_one_in: int = 50


DEFAULT_SECOND_LOOK: Final = SecondLookPolicy()
