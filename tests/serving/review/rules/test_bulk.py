import pytest

from models.case import BLIND_LANES, CaseLane, CaseState
from serving.review.rules.bulk import InBulk, why_left_out

OPEN, ANALYST = CaseState.OPEN, CaseLane.ANALYST


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (InBulk(OPEN, ANALYST), None),
        (InBulk(OPEN, CaseLane.AUDIT), None),
        (InBulk(OPEN, CaseLane.INSUFFICIENT_EVIDENCE), None),
        (InBulk(CaseState.DECIDED, ANALYST), "already been decided"),
        (InBulk(CaseState.STALE, ANALYST), "was changed"),
        (InBulk(OPEN, CaseLane.ASK_BRAND), "brand has been asked"),
        (InBulk(OPEN, CaseLane.APPEAL), "by its statement"),
        (InBulk(OPEN, CaseLane.COMPLAINT), "by its statement"),
        (InBulk(OPEN, CaseLane.SECOND_REVIEW), "second review"),
        # A complaint whose case came back from the brand is in the analysts' lane and stays blind.
        (InBulk(OPEN, ANALYST, blind=True), "without the score"),
        (InBulk(OPEN, ANALYST, authorised=True), "authorised this seller"),
        (InBulk(OPEN, ANALYST, leased_by="Tomás Rey"), "Tomás Rey is working on this case."),
        (InBulk(OPEN, ANALYST, elsewhere=True), "another marketplace"),
        # Permanent reasons come before temporary ones.
        (InBulk(CaseState.DECIDED, ANALYST, leased_by="Tomás Rey", authorised=True), "already been decided"),
        (InBulk(OPEN, ANALYST, leased_by="Tomás Rey", authorised=True), "authorised this seller"),
    ],
)
def test_a_case_is_included_or_the_reason_is_given(case: InBulk, expected: str | None) -> None:
    found = why_left_out(case)
    assert (found is None) if expected is None else (found is not None and expected in found)


@pytest.mark.parametrize("lane", sorted(BLIND_LANES))
def test_no_blind_case_is_included(lane: CaseLane) -> None:
    assert why_left_out(InBulk(OPEN, lane)) is not None
