from dataclasses import replace
from datetime import timedelta

import pytest

from models.labels import AppealState, GivenVerdict
from models.policies.learning import DEFAULT_LABELS
from models.verdict import Evidence, Judgement, Side
from serving.learning.rules.promotion import AgreedAnswer, agreed_answer
from tests.fixtures.clocks import NOW
from tests.fixtures.hosts import roots_with

FAKE, GENUINE, GREY = Judgement.COUNTERFEIT, Judgement.GENUINE, Judgement.GREY_MARKET
RIPE = NOW - DEFAULT_LABELS.matures


def verdict_by(user: str, judgement: Judgement, *, blind: bool = False, at: int = 0) -> GivenVerdict:
    """An analyst's verdict, just mature or `hours` younger."""
    known_at = RIPE + timedelta(hours=at)
    name = f"{user}-{at}-{judgement}"
    return GivenVerdict(name, judgement, Side.ANALYST, user, known_at, superseded=False, second_review=blind)


FIRST, BLIND = verdict_by("ines", FAKE, at=-1), verdict_by("tomas", FAKE, blind=True)
BRAND = replace(verdict_by("camille", FAKE), side=Side.BRAND, brand_id="brn_1")
ROOTS = roots_with("ines tomas rui camille")
AGREED = AgreedAnswer(1, (FIRST.verdict_id, BLIND.verdict_id))

CASES: list[tuple[list[GivenVerdict], AppealState, AgreedAnswer | None, str]] = [
    ([FIRST, BLIND], AppealState.NONE, AGREED, "two analysts, the second blind"),
    ([BLIND, FIRST], AppealState.NONE, AGREED, "in whatever order they are read"),
    ([FIRST], AppealState.NONE, None, "one person"),
    ([FIRST, replace(BLIND, second_review=False)], AppealState.NONE, None, "the second could read the first"),
    (
        [replace(FIRST, second_review=True), replace(BLIND, second_review=False)],
        AppealState.NONE, None, "only the first was blind",
    ),
    ([FIRST, replace(BLIND, user_id="ines")], AppealState.NONE, None, "one person twice"),
    ([FIRST, replace(BLIND, side=Side.BRAND, brand_id="brn_1")], AppealState.NONE, None, "a brand is no analyst"),
    ([FIRST, verdict_by("tomas", GENUINE, blind=True)], AppealState.NONE, None, "they contradict each other"),
    ([FIRST, verdict_by("tomas", Judgement.CANNOT_TELL, blind=True)], AppealState.NONE, None, "one cannot tell"),
    ([FIRST, replace(BLIND, superseded=True)], AppealState.NONE, None, "one was undone"),
    ([FIRST, replace(BLIND, suspended=True)], AppealState.NONE, None, "one is not trusted any more"),
    ([FIRST, verdict_by("tomas", FAKE, blind=True, at=1)], AppealState.NONE, None, "one is an hour too young"),
    ([FIRST, BLIND, replace(BRAND, judgement=GENUINE)], AppealState.NONE, None, "the brand says otherwise"),
    ([FIRST, BLIND, BRAND], AppealState.NONE, AGREED, "the brand says so too"),
    (
        [FIRST, BLIND, replace(verdict_by("rui", GENUINE), evidence=Evidence.TEST_BUY)],
        AppealState.NONE, None, "the goods say otherwise",
    ),
    (
        [verdict_by("ines", GREY, at=-1), verdict_by("tomas", GENUINE, blind=True)],
        AppealState.NONE, None, "genuine goods outside the channel",
    ),
    ([FIRST, BLIND], AppealState.OPEN, None, "the seller objects"),
    ([FIRST, BLIND], AppealState.UPHELD, None, "the seller was right"),
    ([FIRST, BLIND], AppealState.DISMISSED, AGREED, "the seller objected in vain"),
    (
        [verdict_by("ines", GENUINE, at=-1), verdict_by("tomas", GENUINE, blind=True)],
        AppealState.DISMISSED, None, "the appeal found it counterfeit",
    ),
    (
        [FIRST, BLIND, replace(verdict_by("rui", GENUINE), known_at=NOW)],
        AppealState.NONE, None, "somebody says otherwise at this very moment",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("verdicts", "appeal", "expected", "_why"), CASES)
def test_a_listing_is_beyond_dispute_where_two_found_the_same_and_nobody_says_otherwise(
    verdicts: list[GivenVerdict], appeal: AppealState, expected: AgreedAnswer | None, _why: str
) -> None:
    assert agreed_answer(verdicts, appeal, roots=ROOTS, as_of=NOW, policy=DEFAULT_LABELS) == expected


def test_a_person_who_changed_their_answer_counts_once() -> None:
    changed = [verdict_by("ines", GENUINE, at=-3), verdict_by("ines", FAKE, at=-2), BLIND]
    assert agreed_answer(changed, AppealState.NONE, roots=ROOTS, as_of=NOW, policy=DEFAULT_LABELS) is None, (
        "it was argued about"
    )


def test_a_later_verdict_is_not_known_yet() -> None:
    later = verdict_by("rui", GENUINE, at=24 * 30)
    assert (
        agreed_answer([FIRST, BLIND, later], AppealState.NONE, roots=ROOTS, as_of=NOW, policy=DEFAULT_LABELS) == AGREED
    )


def test_genuine_listings_count_as_well() -> None:
    both = [verdict_by("ines", GENUINE, at=-1), verdict_by("tomas", Judgement.LICENSED, blind=True)]
    label = agreed_answer(both, AppealState.NONE, roots=ROOTS, as_of=NOW, policy=DEFAULT_LABELS)
    assert label is not None
    assert label.label == 0


def test_of_three_who_agree_one_has_to_have_looked_blind() -> None:
    third = verdict_by("rui", FAKE)
    expected = AgreedAnswer(1, (FIRST.verdict_id, third.verdict_id, BLIND.verdict_id))
    assert (
        agreed_answer([FIRST, BLIND, third], AppealState.NONE, roots=ROOTS, as_of=NOW, policy=DEFAULT_LABELS)
        == expected
    )


def test_two_accounts_of_one_person_are_no_two_analysts() -> None:
    roots = roots_with("ines tomas rui", {"tomas": "ada", "ines": "ada"})
    assert agreed_answer([FIRST, BLIND], AppealState.NONE, roots=roots, as_of=NOW, policy=DEFAULT_LABELS) is None
    third = verdict_by("rui", FAKE)
    assert (
        agreed_answer([FIRST, BLIND, third], AppealState.NONE, roots=roots, as_of=NOW, policy=DEFAULT_LABELS)
        is not None
    )
