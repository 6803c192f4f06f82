"""The settings of the rules of cases: frozen and versioned, each constant with its reason."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# The assignment of open cases to people.


@dataclass(frozen=True, slots=True)
class AssignmentPolicy:
    """Settings of `serving.cases.rules.assignment`. The numbers are inferred."""

    # A person's work for the next half hour, so that an assigned case never waits behind many others.
    most_each: int = 5
    # Twice a lease: a person who has gone home blocks the case no longer than this.
    suggestion_lasts_minutes: int = 30
    # A colleague may be in a meeting or between two shifts.
    handover_lasts_hours: int = 24


DEFAULT_ASSIGNMENT: Final = AssignmentPolicy()


# How often a reviewer judges with a masked score.


@dataclass(frozen=True, slots=True)
class MaskedScorePolicy:
    """Settings of `serving.cases.rules.masked_score`."""

    # Reviewers who have seen a score lean towards it (anchoring; Tversky and Kahneman 1974), and such answers teach the
    # model its own errors. One case in twenty gives a team of five about a hundred a month to compare with; a larger
    # share would cost the others the time that the reasons save them. Inferred.
    share: float = 0.05


DEFAULT_MASKED_SCORE: Final = MaskedScorePolicy()


# After how long a pause is suggested.


@dataclass(frozen=True, slots=True)
class PacePolicy:
    """Settings of `serving.cases.rules.pace`. Both are inferred from the usual advice for work at a screen."""

    pause_after: timedelta = timedelta(minutes=50)
    pause: timedelta = timedelta(minutes=5)


DEFAULT_PACE: Final = PacePolicy()


# How long a case may be snoozed, and the limits of texts about it.


@dataclass(frozen=True, slots=True)
class WaitingPolicy:
    """Settings of `serving.cases.rules.deferral` and `serving.cases.rules.case_note`.

    The numbers are inferred.
    """

    # A case that waits for longer than two weeks is an avoided decision; it returns to the queue.
    most_days: int = 14
    # A page of text; longer texts belong in a document.
    longest_note: int = 2_000
    # With more than a handful of names, people do not feel addressed.
    most_mentioned: int = 10
    longest_missing: int = 500


DEFAULT_DEFERRAL: Final = WaitingPolicy()


# The texts with which a person names the brand of a case.


# A word mark of an office's register is rarely longer; sellers read it inside a sentence.
LONGEST_MARK: Final = 120
# The full name of a company.
LONGEST_OWNER: Final = 200
LONGEST_REASON: Final = 500


# The number of cases that one bulk answer may have.


@dataclass(frozen=True, slots=True)
class BulkVerdictPolicy:
    """Settings of `serving.cases.rules.bulk_verdicts`."""

    # Sourced: the most listings in one notice (Alibaba IPP platform, FAQ on complaints). A person can still review
    # that many.
    most_listings: int = 300


DEFAULT_BULK_VERDICTS: Final = BulkVerdictPolicy()
