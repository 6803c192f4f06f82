from datetime import UTC, datetime, timedelta
from typing import Final

import hypothesis
import pytest
from hypothesis import strategies as st

from models.case import BLIND_LANES, CaseLane, CaseState
from models.errors import Invalid
from models.messages.english import in_english
from serving.cases.policy import (
    DEFAULT_DEFERRAL,
    DEFAULT_MASKED_SCORE,
    LONGEST_MARK,
    LONGEST_OWNER,
    LONGEST_REASON,
    MaskedScorePolicy,
)
from serving.cases.rules.case_brand import (
    CaseBrand,
    KeptNaming,
    Naming,
    NamingContext,
    ResolvedBrand,
    brand_of_version,
    lane_after_naming,
    why_not_name,
)
from serving.cases.rules.case_note import Deferral, Note, Snooze, check_snooze, note_from
from serving.cases.rules.masked_score import Answers, is_hidden, masking_probability, score_effect

NOBODY: Final = CaseBrand()
AURELLE: Final = CaseBrand("brd_aurelle")
VELA: Final = CaseBrand(None, "Vela", "Vela AG")


def naming(brand_id: str = "", mark: str = "", owner: str = "", reason: str = "") -> Naming:
    return Naming.of(brand_id=brand_id, mark=mark, owner=owner, reason=reason)


def code(
    naming: Naming, now: CaseBrand = NOBODY, lane: CaseLane = CaseLane.ANALYST, registered_as: str | None = None
) -> str | None:
    reason = why_not_name(naming, NamingContext(now, lane, registered_as))
    assert reason is None or in_english(reason).endswith(".")
    return reason.code if reason else None


@pytest.mark.parametrize(
    ("naming", "now", "expected", "reason"),
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
def test_a_naming_is_refused_for_one_reason(naming: Naming, now: CaseBrand, expected: str | None, reason: str) -> None:
    assert code(naming, now) == expected, reason


def test_a_mark_that_a_registered_brand_has_as_its_name_is_that_brand() -> None:
    assert code(naming("", "Aurelle", "Somebody"), registered_as="Aurelle") == "naming.registered"


@pytest.mark.parametrize("lane", CaseLane)
def test_only_the_brand_that_an_appeal_is_about_cannot_be_corrected(lane: CaseLane) -> None:
    refused = "naming.appeal" if lane is CaseLane.APPEAL else None
    assert code(naming("brd_vela", reason="Pictures."), AURELLE, lane) == refused
    assert code(naming("brd_vela"), NOBODY, lane) is None


@hypothesis.given(st.text(max_size=300), st.text(max_size=300))
def test_what_is_accepted_is_bounded_visible_and_never_blank(mark: str, owner: str) -> None:
    typed_naming = naming("", mark, owner)
    if code(typed_naming) is None:
        assert typed_naming.brand.is_named
        for text, most in ((typed_naming.brand.mark, LONGEST_MARK), (typed_naming.brand.owner, LONGEST_OWNER)):
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
    assert lane_after_naming(lane, can_be_asked=can_be_asked) is (CaseLane.ANALYST if back else lane)


NOW: Final = datetime(2026, 11, 1, 12, tzinfo=UTC)
BEFORE, LATER = NOW - timedelta(hours=1), NOW + timedelta(hours=1)


def stored_naming(brand: CaseBrand, resolved_id: str | None, *, changed_at: datetime = NOW) -> KeptNaming:
    return KeptNaming(brand, resolved_id, NOW, changed_at)


@pytest.mark.parametrize(
    ("resolved_brand", "naming", "expected", "reason"),
    [
        (ResolvedBrand("brd_aurelle", NOW), None, AURELLE, "nobody named it"),
        (ResolvedBrand(None, NOW), None, NOBODY, "nobody named it, and nothing was found"),
        (
            ResolvedBrand("brd_aurelle", BEFORE),
            stored_naming(VELA, "brd_aurelle"),
            VELA,
            "earlier facts of the same evidence",
        ),
        (ResolvedBrand(None, BEFORE), stored_naming(AURELLE, None), AURELLE, "still unresolved, as when it was named"),
        (
            ResolvedBrand("brd_x", BEFORE),
            stored_naming(VELA, "brd_aurelle"),
            CaseBrand("brd_x"),
            "evidence of another brand",
        ),
        (ResolvedBrand(None, BEFORE), stored_naming(VELA, "brd_aurelle"), NOBODY, "the evidence is gone"),
        (ResolvedBrand("brd_x", LATER, NOW), stored_naming(VELA, "brd_aurelle"), VELA, "later facts have this naming"),
        (ResolvedBrand(None, LATER), stored_naming(AURELLE, None), NOBODY, "later facts, for which it does not hold"),
        (
            ResolvedBrand(None, LATER, BEFORE),
            stored_naming(AURELLE, None),
            NOBODY,
            "later facts that have another naming",
        ),
        (
            ResolvedBrand(None, LATER, LATER - timedelta(minutes=1)),
            stored_naming(AURELLE, None, changed_at=LATER + timedelta(hours=1)),
            AURELLE,
            "an undo restored this naming after the facts, which still have the one undone",
        ),
    ],
)
def test_a_named_brand_stays_with_a_listing_while_its_evidence_does(
    resolved_brand: ResolvedBrand, naming: KeptNaming | None, expected: CaseBrand, reason: str
) -> None:
    assert brand_of_version(resolved_brand, naming) == expected, reason


DEFERRAL_NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
DUE = DEFERRAL_NOW + timedelta(hours=24)
ASKED = ("The invoice", "the marketplace")


def snooze_of(hours: float, missing: str | None = None, source: str | None = None) -> Snooze:
    return Snooze(DEFERRAL_NOW + timedelta(hours=hours), on_news=True, missing=missing, source=source)


@pytest.mark.parametrize(
    ("snooze", "knowingly", "expected"),
    [
        (snooze_of(4), False, None),
        (snooze_of(24), False, None),  # At its deadline is not after it.
        (snooze_of(24.1), False, "after its deadline"),
        (snooze_of(24.1), True, None),
        (snooze_of(14 * 24), True, None),
        (snooze_of(14 * 24 + 1), True, "at most 14 days"),
        (snooze_of(0), False, "lies ahead"),
        (snooze_of(4, *ASKED), False, None),
        (snooze_of(4, "The invoice", None), False, "both what is missing and who"),
        (snooze_of(4, None, "the seller"), False, "both what is missing and who"),
        (snooze_of(4, "x" * 501, "the seller"), False, "at most 500"),
    ],
)
def test_a_snooze_is_accepted_or_refused_with_a_reason(snooze: Snooze, knowingly: bool, expected: str | None) -> None:
    def check() -> None:
        check_snooze(snooze, due_at=DUE, now=DEFERRAL_NOW, knowingly=knowingly, policy=DEFAULT_DEFERRAL)

    if expected is None:
        check()
        return
    with pytest.raises(Invalid, match=expected):
        check()


def test_it_is_snoozed_unless_something_is_missing() -> None:
    assert [snooze_of(1).kind, snooze_of(1, *ASKED).kind] == [Deferral.SNOOZED, Deferral.NEEDS_INFORMATION]


@pytest.mark.parametrize(
    ("text", "mentioned", "expected"),
    [
        ("  Look at this. \r\nTwice.  ", ["ann"], Note("Look at this.\nTwice.", ("ann",))),
        ("Mine", ["me", "ann", "ann"], Note("Mine", ("ann",))),
        ("x" * 2_000, [], Note("x" * 2_000, ())),
    ],
)
def test_a_note_is_kept_as(text: str, mentioned: list[str], expected: Note) -> None:
    assert note_from(text, mentioned, author="me", may_see={"ann", "bo", "me"}, policy=DEFAULT_DEFERRAL) == expected


@pytest.mark.parametrize(
    ("text", "mentioned", "why"),
    [
        (" \n ", [], "Write something"),
        ("x" * 2_001, [], "at most 2,000 characters"),
        ("Hello", ["somebody of a brand"], "Only people who may see the case"),
        ("Hello", [f"p{number}" for number in range(11)], "at most 10 people"),
    ],
)
def test_a_note_is_refused_because(text: str, mentioned: list[str], why: str) -> None:
    with pytest.raises(Invalid, match=why):
        note_from(text, mentioned, author="me", may_see={"ann"}, policy=DEFAULT_DEFERRAL)


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
    assert masking_probability(lane, DEFAULT_MASKED_SCORE) == share


def test_no_lane_is_forgotten_and_none_that_is_blind_is_drawn() -> None:
    always = MaskedScorePolicy(1.0)
    assert {lane for lane in CaseLane if masking_probability(lane, always) is None} == {
        *BLIND_LANES,
        CaseLane.ASK_BRAND,
    }


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
    effect = score_effect(hidden=Answers(80, 48), shown=Answers(70, 56))
    assert effect.difference == pytest.approx(0.2)
    assert effect.low == pytest.approx(0.0524, abs=5e-5)
    assert effect.high == pytest.approx(0.3339, abs=5e-5)


def test_without_answers_there_is_no_share() -> None:
    assert score_effect(Answers(), Answers(9, 3)).difference is None
    assert score_effect(Answers(9, 3), Answers()).low is None
