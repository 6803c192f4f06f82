from datetime import UTC, datetime, timedelta

import pytest

from models.errors import Invalid
from serving.cases.policy import DEFAULT_DEFERRAL
from serving.cases.rules.case_note import Deferral, Note, Snooze, check_snooze, written

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DUE = NOW + timedelta(hours=24)
ASKED = ("The invoice", "the marketplace")


def later(hours: float, missing: str | None = None, asked: str | None = None) -> Snooze:
    return Snooze(NOW + timedelta(hours=hours), on_news=True, missing=missing, asked=asked)


@pytest.mark.parametrize(
    ("snooze", "knowingly", "expected"),
    [
        (later(4), False, None),
        (later(24), False, None),  # At its deadline is not after it.
        (later(24.1), False, "after its deadline"),
        (later(24.1), True, None),
        (later(14 * 24), True, None),
        (later(14 * 24 + 1), True, "at most 14 days"),
        (later(0), False, "lies ahead"),
        (later(4, *ASKED), False, None),
        (later(4, "The invoice", None), False, "both what is missing and who"),
        (later(4, None, "the seller"), False, "both what is missing and who"),
        (later(4, "x" * 501, "the seller"), False, "at most 500"),
    ],
)
def test_a_snooze_is_accepted_or_refused_with_a_reason(snooze: Snooze, knowingly: bool, expected: str | None) -> None:
    def check() -> None:
        check_snooze(snooze, due_at=DUE, now=NOW, knowingly=knowingly, policy=DEFAULT_DEFERRAL)

    if expected is None:
        check()
        return
    with pytest.raises(Invalid, match=expected):
        check()


def test_it_is_snoozed_unless_something_is_missing() -> None:
    assert [later(1).kind, later(1, *ASKED).kind] == [Deferral.SNOOZED, Deferral.NEEDS_INFORMATION]


@pytest.mark.parametrize(
    ("text", "mentioned", "found"),
    [
        ("  Look at this. \r\nTwice.  ", ["ann"], Note("Look at this.\nTwice.", ("ann",))),
        ("Mine", ["me", "ann", "ann"], Note("Mine", ("ann",))),
        ("x" * 2_000, [], Note("x" * 2_000, ())),
    ],
)
def test_a_note_is_kept_as(text: str, mentioned: list[str], found: Note) -> None:
    assert written(text, mentioned, author="me", may_see={"ann", "bo", "me"}, policy=DEFAULT_DEFERRAL) == found


@pytest.mark.parametrize(
    ("text", "mentioned", "why"),
    [
        (" \n ", [], "Write something"),
        ("x" * 2_001, [], "at most 2,000 characters"),
        ("Hello", ["somebody of a brand"], "Only people who may see the case"),
        ("Hello", [f"p{number}" for number in range(11)], "at most 10 people"),
    ],
)
def test_a_note_is_refused_because(text: str, mentioned: list[str], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        written(text, mentioned, author="me", may_see={"ann"}, policy=DEFAULT_DEFERRAL)
