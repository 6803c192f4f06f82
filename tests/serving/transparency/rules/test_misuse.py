from datetime import UTC, datetime, timedelta

from serving.transparency.rules.misuse import Misuse, SubjectKind, misuse_entry

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def test_the_four_criteria_by_hand() -> None:
    wrong = [Misuse(AT + timedelta(days=day), "design" if day else "mark_misuse", "given back") for day in range(4)]
    found = misuse_entry(SubjectKind.NOTIFIER, "Aurelle", items=16, misuses=wrong, warned_at=AT + timedelta(days=1))
    assert found is not None
    assert (found.misuses, found.share) == (4, 0.25)
    assert (found.nature, found.consequences) == ({"design": 3, "mark_misuse": 1}, {"given back": 4})
    assert found.after_warning == 2  # The misuse at the moment of the warning does not count.


def test_without_a_warning_the_misuses_after_it_are_none_and_not_zero() -> None:
    found = misuse_entry(SubjectKind.SELLER, "lumo", items=1, misuses=[Misuse(AT, "design")], warned_at=None)
    assert found is not None
    assert (found.after_warning, found.consequences) == (None, {})


def test_a_subject_without_a_misuse_is_not_in_the_log() -> None:
    assert misuse_entry(SubjectKind.SELLER, "lumo", items=9, misuses=[], warned_at=AT) is None
