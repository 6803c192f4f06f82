"""The allowed steps of a test buy, for every state and event."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from models.errors import Conflict, DomainError, Invalid
from models.verdict import Judgement, Side
from serving.cases.rules.doubt import Background, Claim, Decision, Doubt, doubt
from serving.cases.rules.test_buy import (
    Custody,
    CustodyEvent,
    TestBuyState,
    check_finding,
    check_has_finding,
    custody_after,
)

S, E = TestBuyState, CustodyEvent
LENA, LAB = "Lena Okafor", "Laboratoire Duval"
ALLOWED = {
    (S.ORDERED, E.RECEIVE): S.RECEIVED,
    (S.ORDERED, E.CANCEL): S.CANCELLED,
    (S.RECEIVED, E.HAND_OVER): S.RECEIVED,
    (S.RECEIVED, E.INSPECT): S.INSPECTED,
    (S.RECEIVED, E.CANCEL): S.CANCELLED,
    (S.INSPECTED, E.HAND_OVER): S.INSPECTED,
    (S.INSPECTED, E.INSPECT): S.INSPECTED,
    (S.INSPECTED, E.EXAMINE): S.CLOSED,
    (S.INSPECTED, E.CANCEL): S.CANCELLED,
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(S, E)))
def test_each_event_is_allowed_or_refused_in_each_state(state: TestBuyState, event: CustodyEvent) -> None:
    holder = LAB if event is E.HAND_OVER else LENA
    if (state, event) not in ALLOWED:
        with pytest.raises(Conflict, match=r"\.$"):
            custody_after(Custody(state, LENA), event, holder)
        return
    assert custody_after(Custody(state, LENA), event, holder) == Custody(
        ALLOWED[state, event], LENA if event is E.CANCEL else holder
    )


def test_a_cancellation_leaves_the_goods_with_their_holder() -> None:
    assert custody_after(Custody(S.RECEIVED, LENA), E.CANCEL, LAB) == Custody(S.CANCELLED, LENA)


@pytest.mark.parametrize("event", [E.INSPECT, E.EXAMINE])
def test_nobody_examines_goods_that_are_with_somebody_else(event: CustodyEvent) -> None:
    with pytest.raises(Conflict, match=f"The goods are with {LENA}; hand them over first"):
        custody_after(Custody(S.INSPECTED, LENA), event, LAB)


def test_goods_are_handed_to_somebody_else() -> None:
    with pytest.raises(Conflict, match="with Lena Okafor already"):
        custody_after(Custody(S.RECEIVED, LENA), E.HAND_OVER, LENA)


@pytest.mark.parametrize("judgement", Judgement)
def test_an_examination_says_what_the_goods_are(judgement: Judgement) -> None:
    if judgement in {Judgement.WITHDRAWN, Judgement.NEEDS_TEST_BUY}:
        with pytest.raises(Invalid, match="bought and examined"):
            check_finding(judgement)
    else:
        check_finding(judgement)


ON_FILE: list[tuple[list[TestBuyState], type[DomainError] | None, str]] = [
    ([], Invalid, "none was ever ordered"),
    ([S.CANCELLED], Invalid, "it was cancelled"),
    ([S.ORDERED], Conflict, "the goods have not arrived"),
    ([S.RECEIVED], Conflict, "the goods have not been inspected"),
    ([S.INSPECTED], Conflict, "there is no finding yet"),
    ([S.CLOSED], None, "the goods were examined"),
    ([S.CANCELLED, S.CLOSED, S.ORDERED], None, "an earlier test buy has a finding"),
]


@pytest.mark.parametrize(("states", "refused", "_why"), ON_FILE)
def test_a_judgement_rests_on_a_test_buy_only_where_one_brought_a_finding(
    states: list[TestBuyState], refused: type[DomainError] | None, _why: str
) -> None:
    if refused is None:
        check_has_finding(states)
        return
    with pytest.raises(refused):
        check_has_finding(states)


# What speaks against a removal: one rule, a reason for each row.

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OWN, OTHER = "brd_own", "brd_other"
# Ada and Ben are people of their own; Cleo's account was made by Ada.
ROOTS = {name: frozenset({"ada" if name == "cleo" else name}) for name in ("ada", "ben", "cleo", "camille", "noor")}
BRAND, ADA, BEN, CLEO = (
    Claim(brand_id=OWN),
    Claim(analyst_id="ada"),
    Claim(analyst_id="ben"),
    Claim(analyst_id="cleo"),
)
FAKE, REAL = Judgement.COUNTERFEIT, Judgement.GENUINE


def analyst(user_id: str, judgement: Judgement, hour: int, *, of_version: bool = True) -> Decision:
    return Decision(judgement, Side.ANALYST, user_id, None, NOW + timedelta(hours=hour), of_version)


def brand(judgement: Judgement, hour: int, brand_id: str = OWN) -> Decision:
    return Decision(judgement, Side.BRAND, "camille", brand_id, NOW + timedelta(hours=hour), of_version=True)


def background_of(*decisions: Decision, reinstated: int | None = None, of: str | None = OWN) -> Background:
    return Background(decisions, None if reinstated is None else NOW + timedelta(hours=reinstated), of)


@pytest.mark.parametrize(
    ("background", "claim", "expected", "why"),
    [
        (background_of(), BRAND, None, "the brand says so of its own goods"),
        (background_of(of=None), BRAND, Doubt.BRAND_UNRESOLVED, "its word does not tell whose mark it is"),
        (background_of(of=OTHER), BRAND, Doubt.BRAND_UNRESOLVED, "the listing is another brand's"),
        (background_of(of=None), ADA, None, "an analyst names the brand"),
        (background_of(reinstated=1), BRAND, Doubt.REINSTATED_BEFORE, "it was wrong before"),
        (background_of(reinstated=1, of=None), BRAND, Doubt.REINSTATED_BEFORE, "the first reason is told"),
        (background_of(analyst("ada", FAKE, 0), reinstated=1), ADA, Doubt.REINSTATED_BEFORE, "the same analyst again"),
        (
            background_of(analyst("ada", FAKE, 0), reinstated=1),
            CLEO,
            Doubt.REINSTATED_BEFORE,
            "an account of the same person",
        ),
        (background_of(analyst("ada", FAKE, 0), reinstated=1), BEN, None, "another person decides"),
        (
            background_of(analyst("ada", FAKE, 0), analyst("ben", FAKE, 2), reinstated=1),
            BRAND,
            None,
            "after another analyst",
        ),
        (
            background_of(analyst("ben", FAKE, 0), reinstated=1),
            BRAND,
            Doubt.REINSTATED_BEFORE,
            "that was before the reversal",
        ),
        (
            background_of(analyst("ada", REAL, 0, of_version=False), reinstated=1),
            ADA,
            Doubt.REINSTATED_BEFORE,
            "any version",
        ),
        (background_of(analyst("ada", REAL, 0)), BRAND, Doubt.FOUND_GENUINE, "an analyst's finding binds the brand"),
        (
            background_of(analyst("ada", Judgement.LICENSED, 0)),
            BRAND,
            Doubt.FOUND_GENUINE,
            "licensed goods are genuine",
        ),
        (
            background_of(analyst("ada", Judgement.GREY_MARKET, 0)),
            BRAND,
            Doubt.FOUND_GENUINE,
            "so are those of elsewhere",
        ),
        (background_of(analyst("ada", Judgement.CANNOT_TELL, 0)), BRAND, None, "no finding"),
        (background_of(analyst("ada", REAL, 0, of_version=False)), BRAND, None, "the listing has changed since"),
        (background_of(analyst("ada", REAL, 0)), ADA, Doubt.FOUND_GENUINE, "nobody changes their own mind alone"),
        (background_of(analyst("ada", REAL, 0)), CLEO, Doubt.FOUND_GENUINE, "nor by another account"),
        (background_of(analyst("ada", REAL, 0)), BEN, None, "another person decides"),
        (
            background_of(analyst("ada", REAL, 0), analyst("ben", FAKE, 1)),
            BRAND,
            None,
            "the brand confirms what another found",
        ),
        (
            background_of(analyst("ada", REAL, 0), analyst("cleo", FAKE, 1)),
            BRAND,
            Doubt.FOUND_GENUINE,
            "not by her account",
        ),
        (
            background_of(analyst("ben", FAKE, 0), analyst("ada", REAL, 1)),
            BRAND,
            Doubt.FOUND_GENUINE,
            "the later one holds",
        ),
        (background_of(brand(REAL, 0)), BRAND, Doubt.FOUND_GENUINE, "its own finding binds it"),
        (background_of(brand(REAL, 0), brand(FAKE, 1)), BRAND, Doubt.FOUND_GENUINE, "a colleague is no other person"),
        (background_of(brand(REAL, 0, OTHER)), BRAND, None, "another brand cannot tell"),
        (background_of(brand(REAL, 0)), ADA, None, "an analyst who did not ask before is another person"),
        (background_of(analyst("ada", FAKE, 0), brand(REAL, 1)), ADA, Doubt.FOUND_GENUINE, "she asked, and was told"),
    ],
)
def test_what_speaks_against_a_removal(background: Background, claim: Claim, expected: Doubt | None, why: str) -> None:
    assert doubt(background, claim, ROOTS) == expected, why
