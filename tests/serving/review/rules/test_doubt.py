"""What speaks against a removal: one rule, a reason for each row."""

from datetime import UTC, datetime, timedelta

import pytest

from models.verdict import Judgement, Side
from serving.review.rules.doubt import Background, Claim, Decision, Doubt, doubt

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


def told(*decisions: Decision, reinstated: int | None = None, of: str | None = OWN) -> Background:
    return Background(decisions, None if reinstated is None else NOW + timedelta(hours=reinstated), of)


@pytest.mark.parametrize(
    ("background", "claim", "found", "why"),
    [
        (told(), BRAND, None, "the brand says so of its own goods"),
        (told(of=None), BRAND, Doubt.BRAND_UNRESOLVED, "its word does not tell whose mark it is"),
        (told(of=OTHER), BRAND, Doubt.BRAND_UNRESOLVED, "the listing is another brand's"),
        (told(of=None), ADA, None, "an analyst names the brand"),
        (told(reinstated=1), BRAND, Doubt.REINSTATED_BEFORE, "it was wrong before"),
        (told(reinstated=1, of=None), BRAND, Doubt.REINSTATED_BEFORE, "the first reason is told"),
        (told(analyst("ada", FAKE, 0), reinstated=1), ADA, Doubt.REINSTATED_BEFORE, "the same analyst again"),
        (told(analyst("ada", FAKE, 0), reinstated=1), CLEO, Doubt.REINSTATED_BEFORE, "an account of the same person"),
        (told(analyst("ada", FAKE, 0), reinstated=1), BEN, None, "another person decides"),
        (told(analyst("ada", FAKE, 0), analyst("ben", FAKE, 2), reinstated=1), BRAND, None, "after another analyst"),
        (told(analyst("ben", FAKE, 0), reinstated=1), BRAND, Doubt.REINSTATED_BEFORE, "that was before the reversal"),
        (told(analyst("ada", REAL, 0, of_version=False), reinstated=1), ADA, Doubt.REINSTATED_BEFORE, "any version"),
        (told(analyst("ada", REAL, 0)), BRAND, Doubt.FOUND_GENUINE, "an analyst's finding binds the brand"),
        (told(analyst("ada", Judgement.LICENSED, 0)), BRAND, Doubt.FOUND_GENUINE, "licensed goods are genuine"),
        (told(analyst("ada", Judgement.GREY_MARKET, 0)), BRAND, Doubt.FOUND_GENUINE, "so are those of elsewhere"),
        (told(analyst("ada", Judgement.CANNOT_TELL, 0)), BRAND, None, "no finding"),
        (told(analyst("ada", REAL, 0, of_version=False)), BRAND, None, "the listing has changed since"),
        (told(analyst("ada", REAL, 0)), ADA, Doubt.FOUND_GENUINE, "nobody changes their own mind alone"),
        (told(analyst("ada", REAL, 0)), CLEO, Doubt.FOUND_GENUINE, "nor by another account"),
        (told(analyst("ada", REAL, 0)), BEN, None, "another person decides"),
        (told(analyst("ada", REAL, 0), analyst("ben", FAKE, 1)), BRAND, None, "the brand confirms what another found"),
        (told(analyst("ada", REAL, 0), analyst("cleo", FAKE, 1)), BRAND, Doubt.FOUND_GENUINE, "not by her account"),
        (told(analyst("ben", FAKE, 0), analyst("ada", REAL, 1)), BRAND, Doubt.FOUND_GENUINE, "the later one holds"),
        (told(brand(REAL, 0)), BRAND, Doubt.FOUND_GENUINE, "its own finding binds it"),
        (told(brand(REAL, 0), brand(FAKE, 1)), BRAND, Doubt.FOUND_GENUINE, "a colleague is no other person"),
        (told(brand(REAL, 0, OTHER)), BRAND, None, "another brand cannot tell"),
        (told(brand(REAL, 0)), ADA, None, "an analyst who did not ask before is another person"),
        (told(analyst("ada", FAKE, 0), brand(REAL, 1)), ADA, Doubt.FOUND_GENUINE, "she asked, and was told"),
    ],
)
def test_what_speaks_against_a_removal(background: Background, claim: Claim, found: Doubt | None, why: str) -> None:
    assert doubt(background, claim, ROOTS) == found, why
