import itertools
from datetime import datetime, timedelta

import pytest

from models.labels import AppealState
from models.messages.english import fields_in_english, in_english
from models.verdict import Judgement, ReasonCode, Side
from serving.notices.rules.decision_notice import RECEIPT, NoticeDecision, decision_notice, settled_notice
from serving.notices.rules.notice_counts import NoticeCounts, NotifiedOutcome, counts_by_reason, counts_of, state_as_of
from serving.notices.rules.notices import ItemState, NoticeOutcome, ReporterKind
from tests.fixtures.clocks import NOW

ALL = [
    NoticeDecision(outcome, judgement, side, blind, reversed_, on_complaint, until)
    for outcome, judgement, side, blind, reversed_, on_complaint, until in itertools.product(
        NoticeOutcome, [*Judgement, None], [*Side, None], (True, False), (True, False), (True, False), (NOW, None)
    )
]


def no_action_decision(judgement: Judgement, *, blind: bool = False, on_complaint: bool = False) -> NoticeDecision:
    until = None if on_complaint else NOW
    return NoticeDecision(NoticeOutcome.NO_ACTION, judgement, Side.ANALYST, blind, False, on_complaint, until)


def test_every_decision_says_what_was_decided_why_by_what_means_and_what_can_be_done() -> None:
    for decision in ALL:
        text = fields_in_english(decision_notice(decision))
        assert all(text.values()), decision
        assert "court" in str(text["redress"])


@pytest.mark.parametrize("state", [ItemState.UNKNOWN_LISTING, ItemState.REPEATED, ItemState.MUTED])
def test_what_was_settled_by_a_rule_says_so(state: ItemState) -> None:
    text = settled_notice(state)
    assert text is not None
    assert "automated means" in in_english(text.automated_means).lower()


def test_what_waits_or_was_decided_is_not_settled() -> None:
    assert settled_notice(ItemState.WAITING) is settled_notice(ItemState.DECIDED) is None


def test_no_action_gives_the_reason_and_the_complaint_with_its_last_day() -> None:
    assert fields_in_english(decision_notice(no_action_decision(Judgement.GENUINE))) == {
        "decision": "The listing stays.",
        "facts": "A trained person examined the listing and found that the goods are genuine.",
        "automated_means": "A rule gave your notice its place in the queue. A person made the decision and also "
        "saw the assessment of the listing by an automated classifier.",
        "redress": "Until 2 March 2026, you can complain on this page, free of charge. A person who did not make this "
        "decision will review the complaint. You can also turn to a certified out-of-court dispute settlement body or "
        "to a court.",
    }


@pytest.mark.parametrize(
    ("blind", "means"),
    [
        (False, "A person made the decision and also saw the assessment of the listing by an automated classifier."),
        (True, "A person made the decision and saw no automated score."),
    ],
)
def test_the_part_of_automated_means_is_told(blind: bool, means: str) -> None:
    assert in_english(decision_notice(no_action_decision(Judgement.GENUINE, blind=blind)).automated_means).endswith(
        means
    )


def test_after_a_complaint_no_second_one_is_offered() -> None:
    text = decision_notice(no_action_decision(Judgement.GENUINE, blind=True, on_complaint=True))
    assert in_english(text.facts) == (
        "After your complaint, a person who did not make the original decision reviewed it. A trained person examined "
        "the listing and found that the goods are genuine."
    )
    assert "complain" not in in_english(text.redress)


def test_a_removal_that_was_undone_is_told_as_both() -> None:
    decision = NoticeDecision(NoticeOutcome.REMOVED, Judgement.COUNTERFEIT, Side.BRAND, False, True, False, None)
    text = decision_notice(decision)
    assert in_english(text.decision) == "The listing was removed and is now reinstated."
    assert in_english(text.facts) == (
        "The rights holder declared that the goods are not genuine or infringe the right. "
        "After the seller's complaint, the removal was undone and the listing was reinstated."
    )


def test_a_listing_that_was_down_already_is_told_without_a_person() -> None:
    decision = NoticeDecision(NoticeOutcome.ALREADY_REMOVED, None, None, False, False, False, None)
    assert "no person has reviewed it" in in_english(decision_notice(decision).automated_means)


def test_the_receipt_says_that_the_notice_came_in_and_where_the_decision_will_stand() -> None:
    assert "has arrived" in in_english(RECEIPT)
    assert "The decision will appear here" in in_english(RECEIPT)


R, K, S, N, A = ReasonCode, ReporterKind, ItemState, NoticeOutcome, AppealState


def hours_later(hours: float) -> datetime:
    return NOW + timedelta(hours=hours)


def notified_outcome(
    reason: ReasonCode = R.DESIGN,
    outcome: NoticeOutcome | None = None,
    hours: float | None = None,
    state: ItemState | None = None,
    kind: ReporterKind = K.UNREGISTERED,
    complaint: AppealState = A.NONE,
) -> NotifiedOutcome:
    """A listing notified at NOW, and decided after `hours` where there is an outcome."""
    decided = None if hours is None else hours_later(hours)
    reached = state or (S.WAITING if outcome is None else S.DECIDED)
    filed = None if complaint is A.NONE else hours_later(48)
    return NotifiedOutcome(reason, kind, NOW, reached, outcome, outcome, decided, decided, complaint, filed)


GIVEN = [
    notified_outcome(R.DESIGN, N.REMOVED, 2, kind=K.TRUSTED_FLAGGER),
    notified_outcome(R.DESIGN, N.NO_ACTION, 10, complaint=A.OPEN),
    notified_outcome(R.DESIGN, N.NO_ACTION, 30),
    notified_outcome(R.DESIGN, N.INVALID, 7),
    notified_outcome(R.DESIGN),
    notified_outcome(R.DESIGN, state=S.UNKNOWN_LISTING),
    notified_outcome(R.DESIGN, N.ALREADY_REMOVED, 0),
    notified_outcome(R.COPYRIGHT, N.REMOVED, 4, complaint=A.UPHELD),
    notified_outcome(R.COPYRIGHT, state=S.MUTED),
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
    counts_by_code = {counts.reason_code: counts for counts in counts_by_reason(GIVEN)}
    assert set(counts_by_code) == set(ReasonCode)
    design, copyright_ = counts_by_code[R.DESIGN], counts_by_code[R.COPYRIGHT]
    assert (design.notified, design.removed, design.no_action, design.removed_share) == (7, 1, 2, 0.25)
    assert (copyright_.notified, copyright_.by_a_rule, copyright_.complaints_upheld) == (2, 1, 1)
    nobody = counts_by_code[R.MARK_MISUSE]
    assert (nobody.notified, nobody.removed_share, nobody.median_hours) == (0, None, None), "nothing has no share"


def test_what_was_decided_later_waited_then() -> None:
    then = state_as_of(notified_outcome(R.DESIGN, N.REMOVED, 10), hours_later(9))
    assert (then.state, then.outcome, then.hours) == (S.WAITING, None, None)
    assert state_as_of(notified_outcome(R.DESIGN, N.REMOVED, 10), hours_later(11)).outcome is N.REMOVED


@pytest.mark.parametrize(
    ("moment", "removed", "complaint"), [(24, False, A.NONE), (60, False, A.OPEN), (80, True, A.UPHELD)]
)
@pytest.mark.parametrize("first", [N.NO_ACTION, N.INVALID])
def test_a_complaint_is_told_as_it_stood(
    moment: float, removed: bool, complaint: AppealState, first: NoticeOutcome
) -> None:
    listing = NotifiedOutcome(
        R.DESIGN, K.BRAND, NOW, S.DECIDED, N.REMOVED, first, hours_later(10), hours_later(72), A.UPHELD, hours_later(48)
    )  # Stayed after 10 hours, complained about after 48, removed after 72.
    then = state_as_of(listing, hours_later(moment))
    assert (then.outcome, then.complaint, then.hours) == (N.REMOVED if removed else first, complaint, 10)
