from datetime import UTC, datetime, timedelta
from typing import Final

import hypothesis
import pytest
from hypothesis import strategies as st

from models.case import CaseLane
from models.messages.english import in_english
from serving.cases.policy import LONGEST_MARK, LONGEST_OWNER, LONGEST_REASON
from serving.cases.rules.case_brand import (
    CaseBrand,
    KeptNaming,
    Naming,
    NamingContext,
    ResolvedBrand,
    brand_of_version,
    lane_after,
    why_not_name,
)

NOBODY: Final = CaseBrand()
AURELLE: Final = CaseBrand("brd_aurelle")
VELA: Final = CaseBrand(None, "Vela", "Vela AG")


def naming(brand_id: str = "", mark: str = "", owner: str = "", reason: str = "") -> Naming:
    return Naming.of(brand_id=brand_id, mark=mark, owner=owner, reason=reason)


def code(
    wanted: Naming, now: CaseBrand = NOBODY, lane: CaseLane = CaseLane.ANALYST, registered_as: str | None = None
) -> str | None:
    found = why_not_name(wanted, NamingContext(now, lane, registered_as))
    assert found is None or in_english(found).endswith(".")
    return found.code if found else None


@pytest.mark.parametrize(
    ("wanted", "now", "expected", "reason"),
    [
        (naming("brd_aurelle"), NOBODY, None, "a registered brand"),
        (naming("", "Vela", "Vela AG"), NOBODY, None, "a mark with its owner"),
        (naming(), NOBODY, "naming.nothing", "nothing is chosen or typed"),
        (naming(" ", "\t", " \n "), NOBODY, "naming.nothing", "white space is no name"),
        (naming("", "Vela"), NOBODY, "naming.no_owner", "whose mark it is stays open"),
        (naming("", "", "Vela AG"), NOBODY, "naming.no_mark", "which mark it is stays open"),
        (naming("brd_aurelle", "Vela", "Vela AG"), NOBODY, "naming.both", "two brands at once"),
        (naming("brd_aurelle", "", "Vela AG"), NOBODY, "naming.both", "a leftover owner is not dropped in silence"),
        (naming("", "V" * (LONGEST_MARK + 1), "Vela AG"), NOBODY, "naming.mark.long", "a mark past its limit"),
        (naming("", "V" * LONGEST_MARK, "Vela AG"), NOBODY, None, "a mark at its limit"),
        (naming("", "Vela", "V" * (LONGEST_OWNER + 1)), NOBODY, "naming.owner.long", "an owner past its limit"),
        (naming("", "Ve\u202ela", "Vela AG"), NOBODY, "naming.mark.unseen", "text that reads in another order"),
        (naming("", "Vela", "Vela\u200b AG"), NOBODY, "naming.owner.unseen", "text that cannot be seen"),
        (naming("", "Vela\0", "Vela AG"), NOBODY, "naming.mark.unseen", "a control character"),
        (naming("", "\ud800", "Vela AG"), NOBODY, "naming.mark.unseen", "half a surrogate pair"),
        (naming("", "---", "Vela AG"), NOBODY, "naming.mark.no_name", "signs without a letter"),
        (naming("", "Unknown", "Vela AG"), NOBODY, "naming.mark.no_name", "a word that names nothing"),
        (naming("", "Vela", " n/a. "), NOBODY, "naming.owner.no_name", "the same for the owner"),
        (naming("", "Vela", "The Owner"), NOBODY, "naming.owner.no_name", "in any case of letters"),
        (naming("brd_vela"), AURELLE, "naming.no_reason", "a correction without its reason"),
        (naming("brd_vela", reason=" "), AURELLE, "naming.no_reason", "a blank reason"),
        (naming("brd_vela", reason="..."), AURELLE, "naming.reason.no_name", "a reason without a word"),
        (naming("brd_vela", reason="The pictures show Vela."), AURELLE, None, "a correction with its reason"),
        (naming("brd_vela", reason="x" * (LONGEST_REASON + 1)), AURELLE, "naming.reason.long", "a reason too long"),
        (naming("brd_vela", reason="see\u202e"), NOBODY, "naming.reason.unseen", "a reason that hides something"),
        (naming("brd_aurelle", reason="Sure."), AURELLE, "naming.same", "no change"),
        (naming("", "Vela", "Vela AG", "Sure."), VELA, "naming.same", "no change of a mark"),
        (naming("", "Vela", "Vela SE", "New owner."), VELA, None, "another owner of the same mark"),
        (naming("brd_aurelle", reason="It is registered."), VELA, None, "from a mark to a registered brand"),
        (naming("", "Vela", "Vela AG", "Not Aurelle."), AURELLE, None, "from a registered brand to a mark"),
    ],
)
def test_a_naming_is_refused_for_one_reason(wanted: Naming, now: CaseBrand, expected: str | None, reason: str) -> None:
    assert code(wanted, now) == expected, reason


def test_a_mark_that_a_registered_brand_has_as_its_name_is_that_brand() -> None:
    assert code(naming("", "Aurelle", "Somebody"), registered_as="Aurelle") == "naming.registered"


@pytest.mark.parametrize("lane", CaseLane)
def test_only_the_brand_that_an_appeal_is_about_cannot_be_corrected(lane: CaseLane) -> None:
    refused = "naming.appeal" if lane is CaseLane.APPEAL else None
    assert code(naming("brd_vela", reason="Pictures."), AURELLE, lane) == refused
    assert code(naming("brd_vela"), NOBODY, lane) is None


@hypothesis.given(st.text(max_size=300), st.text(max_size=300))
def test_what_is_accepted_is_bounded_visible_and_never_blank(mark: str, owner: str) -> None:
    wanted = naming("", mark, owner)
    if code(wanted) is None:
        assert wanted.brand.is_named
        for text, most in ((wanted.brand.mark, LONGEST_MARK), (wanted.brand.owner, LONGEST_OWNER)):
            assert text is not None
            assert 0 < len(text) <= most
            assert text.isprintable()
            assert any(map(str.isalnum, text))


@pytest.mark.parametrize(
    ("brand", "expected"),
    [
        (NOBODY, False),
        (AURELLE, True),
        (VELA, True),
        (CaseBrand(None, "Vela"), False),
        (CaseBrand(None, None, "Vela AG"), False),
        (CaseBrand("", "", ""), False),
    ],
)
def test_half_a_name_is_none(brand: CaseBrand, expected: bool) -> None:
    assert brand.is_named is expected


@pytest.mark.parametrize("lane", CaseLane)
@pytest.mark.parametrize("can_be_asked", [True, False])
def test_only_a_question_that_nobody_can_answer_goes_back_to_an_analyst(lane: CaseLane, can_be_asked: bool) -> None:
    back = lane is CaseLane.ASK_BRAND and not can_be_asked
    assert lane_after(lane, can_be_asked=can_be_asked) is (CaseLane.ANALYST if back else lane)


NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


def kept(brand: CaseBrand, resolved_id: str | None, *, changed_at: datetime = NOW) -> KeptNaming:
    return KeptNaming(brand, resolved_id, NOW, changed_at)


@pytest.mark.parametrize(
    ("found", "naming", "expected", "reason"),
    [
        (ResolvedBrand("brd_aurelle", NOW), None, AURELLE, "nobody named it"),
        (ResolvedBrand(None, NOW), None, NOBODY, "nobody named it, and nothing was found"),
        (ResolvedBrand("brd_aurelle", BEFORE), kept(VELA, "brd_aurelle"), VELA, "earlier facts of the same evidence"),
        (ResolvedBrand(None, BEFORE), kept(AURELLE, None), AURELLE, "still unresolved, as when it was named"),
        (ResolvedBrand("brd_x", BEFORE), kept(VELA, "brd_aurelle"), CaseBrand("brd_x"), "evidence of another brand"),
        (ResolvedBrand(None, BEFORE), kept(VELA, "brd_aurelle"), NOBODY, "the evidence is gone"),
        (ResolvedBrand("brd_x", LATER, NOW), kept(VELA, "brd_aurelle"), VELA, "later facts have this naming"),
        (ResolvedBrand(None, LATER), kept(AURELLE, None), NOBODY, "later facts, for which it does not hold"),
        (ResolvedBrand(None, LATER, BEFORE), kept(AURELLE, None), NOBODY, "later facts that have another naming"),
        (
            ResolvedBrand(None, LATER, LATER - timedelta(minutes=1)),
            kept(AURELLE, None, changed_at=LATER + timedelta(hours=1)),
            AURELLE,
            "an undo restored this naming after the facts, which still have the one undone",
        ),
    ],
)
def test_a_named_brand_stays_with_a_listing_while_its_evidence_does(
    found: ResolvedBrand, naming: KeptNaming | None, expected: CaseBrand, reason: str
) -> None:
    assert brand_of_version(found, naming) == expected, reason
