from datetime import datetime, timedelta

import pytest

from models.labels import AppealState
from models.verdict import ReasonCode
from serving.notices.rules.notice_counts import NoticeCounts, Notified, as_of, by_reason, counts_of
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind
from tests.fixtures.clocks import NOW

R, K, S, N, A = ReasonCode, ReporterKind, ItemState, NoticeOutcome, AppealState


def at(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def notified(
    reason: ReasonCode = R.DESIGN,
    outcome: NoticeOutcome | None = None,
    hours: float | None = None,
    state: ItemState | None = None,
    kind: ReporterKind = K.UNREGISTERED,
    complaint: AppealState = A.NONE,
) -> Notified:
    """A listing notified at NOW, and decided after `hours` where there is an outcome."""
    decided = None if hours is None else at(hours)
    reached = state or (S.WAITING if outcome is None else S.DECIDED)
    filed = None if complaint is A.NONE else at(48)
    return Notified(reason, kind, NOW, reached, outcome, outcome, decided, decided, complaint, filed)


GIVEN = [
    notified(R.DESIGN, N.REMOVED, 2, kind=K.TRUSTED_FLAGGER),
    notified(R.DESIGN, N.NO_ACTION, 10, complaint=A.OPEN),
    notified(R.DESIGN, N.NO_ACTION, 30),
    notified(R.DESIGN, N.INVALID, 7),
    notified(R.DESIGN),
    notified(R.DESIGN, state=S.UNKNOWN_LISTING),
    notified(R.DESIGN, N.ALREADY_REMOVED, 0),
    notified(R.COPYRIGHT, N.REMOVED, 4, complaint=A.UPHELD),
    notified(R.COPYRIGHT, state=S.MUTED),
]


def test_the_counts_of_all_by_hand() -> None:
    assert counts_of(GIVEN) == NoticeCounts(
        None,
        notified=9,
        by_trusted_flaggers=1,
        waiting=1,
        removed=2,
        no_action=2,
        invalid=1,
        by_a_rule=3,
        complaints=2,
        complaints_upheld=1,
        removed_share=0.4,
        median_hours=7.0,
    )


def test_every_reason_code_has_its_own_counts_also_where_nobody_gave_it() -> None:
    found = {one.reason_code: one for one in by_reason(GIVEN)}
    assert set(found) == set(ReasonCode)
    design, copyright_ = found[R.DESIGN], found[R.COPYRIGHT]
    assert (design.notified, design.removed, design.no_action, design.removed_share) == (7, 1, 2, 0.25)
    assert (copyright_.notified, copyright_.by_a_rule, copyright_.complaints_upheld) == (2, 1, 1)
    nobody = found[R.MARK_MISUSE]
    assert (nobody.notified, nobody.removed_share, nobody.median_hours) == (0, None, None), "nothing has no share"


def test_what_was_decided_later_waited_then() -> None:
    then = as_of(notified(R.DESIGN, N.REMOVED, 10), at(9))
    assert (then.state, then.outcome, then.hours) == (S.WAITING, None, None)
    assert as_of(notified(R.DESIGN, N.REMOVED, 10), at(11)).outcome is N.REMOVED


@pytest.mark.parametrize(
    ("moment", "removed", "complaint"), [(24, False, A.NONE), (60, False, A.OPEN), (80, True, A.UPHELD)]
)
@pytest.mark.parametrize("first", [N.NO_ACTION, N.INVALID])
def test_a_complaint_is_told_as_it_stood(
    moment: float, removed: bool, complaint: AppealState, first: NoticeOutcome
) -> None:
    one = Notified(
        R.DESIGN, K.BRAND, NOW, S.DECIDED, N.REMOVED, first, at(10), at(72), A.UPHELD, at(48)
    )  # Stayed after 10 hours, complained about after 48, removed after 72.
    then = as_of(one, at(moment))
    assert (then.outcome, then.complaint, then.hours) == (N.REMOVED if removed else first, complaint, 10)
