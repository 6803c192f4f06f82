import pytest

from models.case import CaseLane
from models.policies.deciding import DEFAULT_ENFORCEMENT
from models.verdict import Side
from serving.web.case.effects import decision_input_of, effects

AURELLE = ("Aurelle", True)
ASKED = "Nothing is removed yet: Aurelle is asked and has 96 h to answer."
UNNAMED = "Name the brand first: choose a registered brand, or enter the mark and its owner."
REMOVED = "The marketplace is asked to remove the listing, 3:00 after your answer."
STAYS = "The listing stays, and the case is closed."
PASSED = "An analyst decides. Nothing is removed until then."
UPHELD = "The seller was right: the listing is reinstated, 3:00 after your answer."


@pytest.mark.parametrize(
    ("lane", "side", "enrolment", "expected"),
    [
        # An analyst with a brand to ask, one without, a brand, an appeal.
        (CaseLane.ANALYST, Side.ANALYST, AURELLE, {"CNT": ASKED, "GML": STAYS}),
        (CaseLane.ANALYST, Side.ANALYST, ("Vela", False), {"C": REMOVED, "GMLNT": STAYS}),
        (CaseLane.ANALYST, Side.ANALYST, (None, False), {"C": UNNAMED, "GMLNT": STAYS}),
        (CaseLane.AUDIT, Side.ANALYST, ("Solenne", False), {"C": REMOVED, "GMLNT": STAYS}),
        (CaseLane.ASK_BRAND, Side.ANALYST, AURELLE, {"CNT": ASKED, "GML": STAYS}),
        (CaseLane.ASK_BRAND, Side.BRAND, AURELLE, {"C": REMOVED, "GML": STAYS, "NT": PASSED}),
        (
            CaseLane.APPEAL,
            Side.ANALYST,
            AURELLE,
            {"C": "The appeal is dismissed, and the removal stands.", "GMLNT": UPHELD},
        ),
    ],
)
def test_the_page_says_what_the_rule_will_do(
    lane: CaseLane, side: Side, enrolment: tuple[str | None, bool], expected: dict[str, str]
) -> None:
    name, can_be_asked = enrolment
    shown_effects = effects(decision_input_of(lane, side, name, can_be_asked=can_be_asked), DEFAULT_ENFORCEMENT)
    assert {"".join(choice.key for choice in effect.choices): effect.sentence for effect in shown_effects} == expected
