import itertools
from dataclasses import replace

import pytest

from features.message import message
from models.case import CaseEvent, CaseLane
from models.errors import BrandNotNamed, Forbidden, Invalid
from models.messages.english import in_english
from models.policies.deciding import DEFAULT_ENFORCEMENT, EnforcementPolicy
from models.verdict import DecisionInput, Judgement, Outcome, Side, consequence

J, S, L = Judgement, Side, CaseLane
DECIDED, REMOVED, REINSTATED = "decided", "removed", "reinstated"
TO_BRAND, TO_ANALYST, FORBIDDEN, INVALID = "to brand", "to analyst", "forbidden", "invalid"
FIRST_INSTANCE = (L.ASK_BRAND, L.ANALYST, L.AUDIT, L.INSUFFICIENT_EVIDENCE)
LENIENT = EnforcementPolicy(analyst_removes_if_brand_takes_part=True)


def follows(judgement: Judgement, lane: CaseLane, side: Side, *, can_be_asked: bool, lenient: bool = False) -> str:
    policy = LENIENT if lenient else DEFAULT_ENFORCEMENT
    try:
        effect = consequence(judgement, DecisionInput(lane, side, can_be_asked, "Aurelle"), policy)
    except Forbidden:
        return FORBIDDEN
    except Invalid:
        return INVALID
    assert in_english(effect.reasons[0]).endswith(".")
    if effect.event is CaseEvent.PASS_ON:
        assert effect.outcome is Outcome.NONE
        return {L.ASK_BRAND: TO_BRAND, L.ANALYST: TO_ANALYST}[L(effect.lane or "")]
    assert (effect.event, effect.lane) == (CaseEvent.DECIDE, None)
    return {Outcome.NONE: DECIDED, Outcome.REMOVE: REMOVED, Outcome.REINSTATE: REINSTATED}[effect.outcome]


# Every judgement, by whom, and whether the brand can be asked -> what follows in the lanes of first instance.
FIRST = [
    (J.COUNTERFEIT, S.BRAND, True, REMOVED, "the brand alone can authenticate the goods"),
    (J.COUNTERFEIT, S.BRAND, False, REMOVED, "a brand that left since still knows its goods"),
    (J.COUNTERFEIT, S.ANALYST, True, TO_BRAND, "the brand is asked before anything is removed"),
    (J.COUNTERFEIT, S.ANALYST, False, REMOVED, "no brand can be asked"),
    (J.GENUINE, S.BRAND, True, DECIDED, "the listing stays"),
    (J.GENUINE, S.BRAND, False, DECIDED, "the listing stays"),
    (J.GENUINE, S.ANALYST, True, DECIDED, "the listing stays"),
    (J.GENUINE, S.ANALYST, False, DECIDED, "the listing stays"),
    (J.LICENSED, S.BRAND, True, DECIDED, "the listing stays"),
    (J.LICENSED, S.BRAND, False, DECIDED, "the listing stays"),
    (J.LICENSED, S.ANALYST, True, DECIDED, "the listing stays"),
    (J.LICENSED, S.ANALYST, False, DECIDED, "the listing stays"),
    (J.GREY_MARKET, S.BRAND, True, DECIDED, "genuine goods: no strike and no counterfeit"),
    (J.GREY_MARKET, S.BRAND, False, DECIDED, "genuine goods: no strike and no counterfeit"),
    (J.GREY_MARKET, S.ANALYST, True, DECIDED, "genuine goods: no strike and no counterfeit"),
    (J.GREY_MARKET, S.ANALYST, False, DECIDED, "genuine goods: no strike and no counterfeit"),
    (J.CANNOT_TELL, S.BRAND, True, TO_ANALYST, "an analyst decides"),
    (J.CANNOT_TELL, S.BRAND, False, TO_ANALYST, "an analyst decides"),
    (J.CANNOT_TELL, S.ANALYST, True, TO_BRAND, "the brand is asked"),
    (J.CANNOT_TELL, S.ANALYST, False, DECIDED, "nobody else can: the listing stays"),
    (J.NEEDS_TEST_BUY, S.BRAND, True, TO_ANALYST, "an analyst decides"),
    (J.NEEDS_TEST_BUY, S.BRAND, False, TO_ANALYST, "an analyst decides"),
    (J.NEEDS_TEST_BUY, S.ANALYST, True, TO_BRAND, "the brand is asked"),
    (J.NEEDS_TEST_BUY, S.ANALYST, False, DECIDED, "nobody else can: the listing stays"),
    (J.WITHDRAWN, S.BRAND, True, INVALID, "what an undo records is no answer"),
    (J.WITHDRAWN, S.BRAND, False, INVALID, "what an undo records is no answer"),
    (J.WITHDRAWN, S.ANALYST, True, INVALID, "what an undo records is no answer"),
    (J.WITHDRAWN, S.ANALYST, False, INVALID, "what an undo records is no answer"),
]
CELLS = [
    (judgement, lane, side, can_be_asked, what)
    for (judgement, side, can_be_asked, what, _), lane in itertools.product(FIRST, FIRST_INSTANCE)
]
# On appeal the same answers have the opposite effect, whether or not the brand can be asked.
ON_APPEAL = [
    (J.COUNTERFEIT, DECIDED, "the appeal is dismissed; the removal stands"),
    (J.GENUINE, REINSTATED, "the seller was right"),
    (J.LICENSED, REINSTATED, "the seller was right"),
    (J.GREY_MARKET, REINSTATED, "the seller was right"),
    (J.CANNOT_TELL, REINSTATED, "the doubt is the seller's"),
    (J.NEEDS_TEST_BUY, REINSTATED, "the doubt is the seller's"),
    (J.WITHDRAWN, INVALID, "what an undo records is no answer"),
]
CELLS += [
    (judgement, L.APPEAL, side, can_be_asked, FORBIDDEN if side is S.BRAND and what != INVALID else what)
    for (judgement, what, _), side, can_be_asked in itertools.product(ON_APPEAL, Side, (True, False))
]
# A notifier's complaint is decided as the listing was, by an analyst who did not decide before.
CELLS += [
    (judgement, L.COMPLAINT, side, can_be_asked, FORBIDDEN if side is S.BRAND and what != INVALID else what)
    for judgement, side, can_be_asked, what, _ in FIRST
]
# A second review only checks a training label; no answer removes or reinstates a listing.
CELLS += [
    (judgement, L.SECOND_REVIEW, side, can_be_asked, FORBIDDEN if side is S.BRAND else DECIDED)
    for judgement, side, can_be_asked in itertools.product(J, Side, (True, False))
    if judgement is not J.WITHDRAWN
]
CELLS += [(J.WITHDRAWN, L.SECOND_REVIEW, side, askable, INVALID) for side in Side for askable in (True, False)]


def test_the_table_has_every_cell_once() -> None:
    every = set(itertools.product(Judgement, CaseLane, Side, (True, False)))
    assert len(CELLS) == len(every)
    assert {cell[:4] for cell in CELLS} == every


def test_what_follows_from_a_judgement_is() -> None:
    rows = [(*cell[:4], follows(*cell[:3], can_be_asked=cell[3])) for cell in CELLS]
    assert [(row, cell[4]) for row, cell in zip(rows, CELLS, strict=True) if row != cell] == []


@pytest.mark.parametrize("lane", FIRST_INSTANCE)
def test_a_policy_can_let_an_analyst_decide_alone(lane: CaseLane) -> None:
    assert follows(J.COUNTERFEIT, lane, S.ANALYST, can_be_asked=True, lenient=True) == REMOVED


def test_that_policy_changes_nothing_else() -> None:
    changed = [
        (judgement, lane, side, can_be_asked)
        for judgement, lane, side, can_be_asked, what in CELLS
        if follows(judgement, lane, side, can_be_asked=can_be_asked, lenient=True) != what
    ]
    assert changed == [(J.COUNTERFEIT, lane, S.ANALYST, True) for lane in (*FIRST_INSTANCE, L.COMPLAINT)]


SENTENCES = [
    (J.COUNTERFEIT, S.BRAND, True, "Aurelle states that the goods are not genuine."),
    (J.COUNTERFEIT, S.ANALYST, False, "An analyst found the goods not genuine, and no brand can be asked."),
    (
        J.COUNTERFEIT,
        S.ANALYST,
        True,
        "An analyst found the goods not genuine. Aurelle is asked before anything is removed.",
    ),
    (J.GENUINE, S.BRAND, True, "The listing stays."),
    (
        J.GREY_MARKET,
        S.BRAND,
        True,
        "The listing stays: genuine goods outside the authorised channel. This is neither a strike nor a counterfeit.",
    ),
    (J.CANNOT_TELL, S.BRAND, True, "Aurelle cannot tell. An analyst decides."),
    (J.NEEDS_TEST_BUY, S.ANALYST, True, "An analyst asks for a test buy. Aurelle is asked."),
    (J.CANNOT_TELL, S.ANALYST, False, "An analyst cannot tell, and no brand can be asked. The listing stays."),
]


@pytest.mark.parametrize(("judgement", "side", "can_be_asked", "sentence"), SENTENCES)
def test_a_consequence_has_a_sentence(judgement: Judgement, side: Side, can_be_asked: bool, sentence: str) -> None:
    decision_input = DecisionInput(L.ANALYST, side, can_be_asked, "Aurelle")
    (reason,) = consequence(judgement, decision_input, DEFAULT_ENFORCEMENT).reasons
    assert in_english(reason) == sentence


def test_a_brand_without_a_name_is_called_the_brand() -> None:
    decision_input = DecisionInput(L.ASK_BRAND, S.BRAND, brand_can_be_asked=True, brand_name=None)
    (reason,) = consequence(J.COUNTERFEIT, decision_input, DEFAULT_ENFORCEMENT).reasons
    assert in_english(reason) == "the brand states that the goods are not genuine."


@pytest.mark.parametrize("lane", L)
@pytest.mark.parametrize("judgement", [judgement for judgement in J if judgement is not J.WITHDRAWN])
@pytest.mark.parametrize("examined", [True, False])
def test_an_analyst_names_the_brand_before_a_counterfeit_that_a_seller_is_told_of(
    lane: CaseLane, judgement: Judgement, examined: bool
) -> None:
    """On each lane but the second review, whose answer changes nothing for the listing."""
    unnamed = DecisionInput(lane, S.ANALYST, brand_can_be_asked=False, brand_name=None, examined=examined)
    if judgement is J.COUNTERFEIT and lane is not L.SECOND_REVIEW:
        with pytest.raises(BrandNotNamed, match=r"Name the brand first"):
            consequence(judgement, unnamed, DEFAULT_ENFORCEMENT)
        return
    named = consequence(judgement, replace(unnamed, brand_name="Vela"), DEFAULT_ENFORCEMENT)
    assert consequence(judgement, unnamed, DEFAULT_ENFORCEMENT) == named


WITHHELD = message("effect.suspended")


def test_of_a_brand_that_lost_its_standing_an_analyst_decides_and_the_reason_is_given() -> None:
    decision_input = DecisionInput(
        L.ASK_BRAND, S.BRAND, brand_can_be_asked=True, brand_name="Aurelle", withheld=WITHHELD
    )
    effect = consequence(J.COUNTERFEIT, decision_input, DEFAULT_ENFORCEMENT)
    assert (effect.event, effect.outcome, effect.lane) == (CaseEvent.PASS_ON, Outcome.NONE, L.ANALYST)
    assert effect.reasons == (
        message("verdict.brand_confirms", brand="Aurelle"),
        WITHHELD,
        message("verdict.analyst_decides"),
    )


@pytest.mark.parametrize("judgement", [J.GENUINE, J.LICENSED, J.GREY_MARKET, J.CANNOT_TELL, J.NEEDS_TEST_BUY])
def test_a_lost_standing_withholds_only_a_counterfeit_verdict(judgement: Judgement) -> None:
    decision_input = DecisionInput(L.ASK_BRAND, S.BRAND, brand_can_be_asked=True, brand_name="Aurelle")
    assert consequence(judgement, replace(decision_input, withheld=WITHHELD), DEFAULT_ENFORCEMENT) == consequence(
        judgement, decision_input, DEFAULT_ENFORCEMENT
    )
