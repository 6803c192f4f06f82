import pytest

from models.case import BLIND_LANES, CaseLane, CaseState
from serving.cases.policy import DEFAULT_MASKED_SCORE, HiddenScorePolicy
from serving.cases.rules.masked_score import Answers, is_hidden, leaning, share_of


@pytest.mark.parametrize(
    ("lane", "share"),
    [
        (CaseLane.ANALYST, 0.05),
        (CaseLane.AUDIT, 0.05),
        (CaseLane.INSUFFICIENT_EVIDENCE, 0.05),
        # Brands never see a score, and neither do the reviewers of these lanes.
        (CaseLane.ASK_BRAND, None),
        (CaseLane.APPEAL, None),
        (CaseLane.COMPLAINT, None),
        (CaseLane.SECOND_REVIEW, None),
    ],
)
def test_a_case_is_drawn_with_the_chance(lane: CaseLane, share: float | None) -> None:
    assert share_of(lane, DEFAULT_MASKED_SCORE) == share


def test_no_lane_is_forgotten_and_none_that_is_blind_is_drawn() -> None:
    always = HiddenScorePolicy(1.0)
    assert {lane for lane in CaseLane if share_of(lane, always) is None} == {*BLIND_LANES, CaseLane.ASK_BRAND}


@pytest.mark.parametrize(
    ("drawn", "state", "committed", "hidden"),
    [
        (True, CaseState.OPEN, False, True),
        (False, CaseState.OPEN, False, False),
        (True, CaseState.OPEN, True, False),  # They withdrew the answer, and have seen the score.
        (True, CaseState.DECIDED, False, False),
        (True, CaseState.STALE, False, False),
    ],
)
def test_a_score_is_hidden_until_the_answer(drawn: bool, state: CaseState, committed: bool, hidden: bool) -> None:
    assert is_hidden(drawn, state, committed=committed) is hidden


def test_the_leaning_is_newcombes_to_the_fourth_digit() -> None:
    """56 of 70 against 48 of 80, the example of Newcombe 1998, table II: 0.2, from 0.0524 to 0.3339."""
    found = leaning(hidden=Answers(80, 48), shown=Answers(70, 56))
    assert found.difference == pytest.approx(0.2)
    assert found.low == pytest.approx(0.0524, abs=5e-5)
    assert found.high == pytest.approx(0.3339, abs=5e-5)


def test_without_answers_there_is_no_share() -> None:
    assert leaning(Answers(), Answers(9, 3)).difference is None
    assert leaning(Answers(9, 3), Answers()).low is None
