from dataclasses import replace

import pytest

from models.verdict import Judgement
from serving.cases.policy import MaskedScorePolicy
from serving.cases.rules.masked_score import Answers, score_effect
from serving.web.model.labels_page import leaning_card
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.visits import visit_as, words

FEWER = "\u2212"  # The sign of a negative number as it is set.


@pytest.mark.parametrize(
    ("hidden", "shown", "difference", "interval", "expected"),
    [
        ((40, 10), (400, 120), "+5", f"{FEWER}11 to +17", "you answer counterfeit in 11 fewer to 17 more of 100 cases"),
        (
            (200, 40),
            (2000, 800),
            "+20",
            "+14 to +25",
            "you answer counterfeit more often: in 14 to 25 more of 100 cases (95 % interval).",
        ),
        ((200, 100), (2000, 400), f"{FEWER}30", f"{FEWER}37 to {FEWER}23", "less often: in 23 to 37 fewer of 100"),
        ((0, 0), (2000, 400), None, "", "you have made no first decision with the score masked"),
        ((4, 1), (0, 0), None, "", "you have made no first decision with the score visible. A random 5 % of"),
    ],
)
def test_the_difference_is_shown_with_its_interval_and_its_meaning(
    hidden: tuple[int, int], shown: tuple[int, int], difference: str | None, interval: str, expected: str
) -> None:
    card = leaning_card(score_effect(Answers(*hidden), Answers(*shown)), masked_share=0.05, is_own=True)
    assert (card.difference, card.interval) == (difference, interval)
    assert expected in card.text


@pytest.mark.parametrize(
    ("is_own", "whose"), [(True, "you filter your queue"), (False, "reviewers filter their queues")]
)
def test_what_the_score_does_is_claimed_with_the_exception_for_filtered_queues(is_own: bool, whose: str) -> None:
    """A queue filtered by score or harm excludes masked cases, so the two kinds are not comparable there."""
    card = leaning_card(score_effect(Answers(200, 40), Answers(2000, 800)), masked_share=0.05, is_own=is_own)
    assert f"so the score causes the difference, unless {whose} by score or harm. Such filters" in card.text


def test_reviewers_without_masked_scores_read_who_can_change_that() -> None:
    text = leaning_card(score_effect(Answers(), Answers(9, 3)), masked_share=0.0, is_own=False).text
    assert "score masking is off" in text
    assert "TOUCHSTONE_HIDDEN_SCORE_SHARE" in text


def with_draw(site: Site, draw: float) -> Site:
    policies = site.runtime.policies.changed(MaskedScorePolicy(0.5))
    return replace(site, runtime=replace(site.runtime, policies=policies, draw=lambda: draw))


def test_each_reviewer_reads_their_own_and_a_data_scientist_everybodys(site: Site) -> None:
    mine, labels = visit_as(site, site.analyst), visit_as(site, site.data_scientist)
    for page in (mine.get("/queue/me"), labels.get("/models/labels")):
        assert "No comparison" in words(page.text)
        assert "Difference, percentage points" not in words(page.text)
    judge(site, site.analyst, a_case(with_draw(site, 0.6), external_id="MP-9"), Judgement.GENUINE)
    assert "Score masked until the decision no decisions yet unknown Difference, percentage points unknown" in words(
        mine.get("/queue/me").text
    )
    for number in range(4):
        hidden = number < 2
        case = a_case(with_draw(site, 0.4 if hidden else 0.6), external_id=f"MP-{number}")
        assert case.score_masked == hidden
        text = Judgement.GENUINE if number == 0 else Judgement.COUNTERFEIT
        judge(site, site.second_analyst if number == 3 else site.analyst, case, text)
    own, all_of_them = words(mine.get("/queue/me").text), words(labels.get("/models/labels").text)
    assert "Score visible 1 of 2 50 %" in own
    assert "Score masked until the decision 1 of 2 50 %" in own
    assert "Score visible 2 of 3 67 %" in all_of_them
    assert f"Difference, percentage points +17 {FEWER}" in all_of_them
    assert "No significant difference. With the score visible, reviewers answer" in all_of_them
