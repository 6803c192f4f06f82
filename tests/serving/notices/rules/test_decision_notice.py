import itertools

import pytest

from models.messages.english import fields_in_english, in_english
from models.verdict import Judgement, Side
from serving.notices.rules.decision_notice import RECEIPT, Decided, decision_notice, settled_notice
from serving.notices.rules.notices import ItemState, NoticeOutcome
from tests.fixtures.clocks import NOW

ALL = [
    Decided(outcome, judgement, side, blind, reversed_, on_complaint, until)
    for outcome, judgement, side, blind, reversed_, on_complaint, until in itertools.product(
        NoticeOutcome, [*Judgement, None], [*Side, None], (True, False), (True, False), (True, False), (NOW, None)
    )
]


def stays(judgement: Judgement, *, blind: bool = False, on_complaint: bool = False) -> Decided:
    until = None if on_complaint else NOW
    return Decided(NoticeOutcome.NO_ACTION, judgement, Side.ANALYST, blind, False, on_complaint, until)


def test_every_decision_says_what_was_decided_why_by_what_means_and_what_can_be_done() -> None:
    for found in ALL:
        text = fields_in_english(decision_notice(found))
        assert all(text.values()), found
        assert "court" in str(text["redress"])


@pytest.mark.parametrize("state", [ItemState.UNKNOWN_LISTING, ItemState.REPEATED, ItemState.MUTED])
def test_what_was_settled_by_a_rule_says_so(state: ItemState) -> None:
    text = settled_notice(state)
    assert text is not None
    assert "automated means" in in_english(text.automated_means).lower()


def test_what_waits_or_was_decided_is_not_settled() -> None:
    assert settled_notice(ItemState.WAITING) is settled_notice(ItemState.DECIDED) is None


def test_no_action_gives_the_reason_and_the_complaint_with_its_last_day() -> None:
    assert fields_in_english(decision_notice(stays(Judgement.GENUINE))) == {
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
    assert in_english(decision_notice(stays(Judgement.GENUINE, blind=blind)).automated_means).endswith(means)


def test_after_a_complaint_no_second_one_is_offered() -> None:
    text = decision_notice(stays(Judgement.GENUINE, blind=True, on_complaint=True))
    assert in_english(text.facts) == (
        "After your complaint, a person who did not make the original decision reviewed it. A trained person examined "
        "the listing and found that the goods are genuine."
    )
    assert "complain" not in in_english(text.redress)


def test_a_removal_that_was_undone_is_told_as_both() -> None:
    found = Decided(NoticeOutcome.REMOVED, Judgement.COUNTERFEIT, Side.BRAND, False, True, False, None)
    text = decision_notice(found)
    assert in_english(text.decision) == "The listing was removed and is now reinstated."
    assert in_english(text.facts) == (
        "The rights holder examined the listing and found that the goods are not genuine or infringe the right. "
        "After the seller's complaint, the removal was undone and the listing was reinstated."
    )


def test_a_listing_that_was_down_already_is_told_without_a_person() -> None:
    found = Decided(NoticeOutcome.ALREADY_REMOVED, None, None, False, False, False, None)
    assert "no person has reviewed it" in in_english(decision_notice(found).automated_means)


def test_the_receipt_says_that_the_notice_came_in_and_where_the_decision_will_stand() -> None:
    assert "has arrived" in in_english(RECEIPT)
    assert "The decision will appear here" in in_english(RECEIPT)
