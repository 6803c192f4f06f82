from datetime import UTC, datetime, timedelta

import pytest

from models.verdict import ReasonCode
from serving.transparency.rules.misuse import (
    Complaint,
    ComplaintOutcome,
    ComplaintRoute,
    Decider,
    Misuse,
    SubjectKind,
    complaint_as_of,
    complaint_counts,
    misuse_entry,
)

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def a_complaint(outcome: ComplaintOutcome, hours: float | None, by: Decider | None) -> Complaint:
    ended_at = None if hours is None else AT + timedelta(hours=hours)
    return Complaint("act-1", ComplaintRoute.APPEAL, ReasonCode.DESIGN, AT, outcome, ended_at, by)


REVERSED = a_complaint(ComplaintOutcome.REVERSED, 2, Decider.PERSON)


def test_counts_by_hand() -> None:
    counts = complaint_counts(
        [
            REVERSED,
            a_complaint(ComplaintOutcome.CONFIRMED, 5, Decider.PERSON),
            a_complaint(ComplaintOutcome.REVERSED, 9, Decider.DEADLINE),
            a_complaint(ComplaintOutcome.WITHOUT_DECISION, 100, Decider.SELLER),
            a_complaint(ComplaintOutcome.OPEN, None, None),
        ]
    )
    assert (counts.filed, counts.median_hours) == (5, 5)
    assert counts.outcomes == {
        ComplaintOutcome.REVERSED: 2,
        ComplaintOutcome.CONFIRMED: 1,
        ComplaintOutcome.WITHOUT_DECISION: 1,
        ComplaintOutcome.OPEN: 1,
    }
    assert counts.ended_by == {Decider.PERSON: 2, Decider.DEADLINE: 1, Decider.SELLER: 1}


def test_without_a_decision_the_median_is_none_and_not_zero() -> None:
    assert complaint_counts([a_complaint(ComplaintOutcome.OPEN, None, None)]).median_hours is None


@pytest.mark.parametrize(
    ("hours", "outcome"), [(1, ComplaintOutcome.OPEN), (2, ComplaintOutcome.OPEN), (3, ComplaintOutcome.REVERSED)]
)
def test_a_complaint_was_open_until_it_ended(hours: float, outcome: ComplaintOutcome) -> None:
    then = complaint_as_of(REVERSED, AT + timedelta(hours=hours))
    assert (then.outcome, then.ended_at is None) == (outcome, outcome is ComplaintOutcome.OPEN)


def test_the_four_criteria_by_hand() -> None:
    wrong = [Misuse(AT + timedelta(days=day), "design" if day else "mark_misuse", "given back") for day in range(4)]
    log_entry = misuse_entry(SubjectKind.NOTIFIER, "Aurelle", items=16, misuses=wrong, warned_at=AT + timedelta(days=1))
    assert log_entry is not None
    assert (log_entry.misuses, log_entry.share) == (4, 0.25)
    assert (log_entry.nature, log_entry.consequences) == ({"design": 3, "mark_misuse": 1}, {"given back": 4})
    assert log_entry.after_warning == 2  # The misuse at the moment of the warning does not count.


def test_without_a_warning_the_misuses_after_it_are_none_and_not_zero() -> None:
    log_entry = misuse_entry(SubjectKind.SELLER, "lumo", items=1, misuses=[Misuse(AT, "design")], warned_at=None)
    assert log_entry is not None
    assert (log_entry.after_warning, log_entry.consequences) == (None, {})


def test_a_subject_without_a_misuse_is_not_in_the_log() -> None:
    assert misuse_entry(SubjectKind.SELLER, "lumo", items=9, misuses=[], warned_at=AT) is None
