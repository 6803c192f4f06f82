import pytest

from models.case import BLIND_LANES, CaseLane, CaseState
from models.messages.english import in_english
from serving.cases.rules.bulk_verdicts import InBulk, why_left_out

OPEN, ANALYST = CaseState.OPEN, CaseLane.ANALYST


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (InBulk(OPEN, ANALYST), None),
        (InBulk(OPEN, CaseLane.AUDIT), None),
        (InBulk(OPEN, CaseLane.INSUFFICIENT_EVIDENCE), None),
        (InBulk(CaseState.DECIDED, ANALYST), "bulk.decided"),
        (InBulk(CaseState.STALE, ANALYST), "bulk.stale"),
        (InBulk(OPEN, CaseLane.ASK_BRAND), "bulk.ask_brand"),
        (InBulk(OPEN, CaseLane.APPEAL), "bulk.appeal"),
        (InBulk(OPEN, CaseLane.COMPLAINT), "bulk.complaint"),
        (InBulk(OPEN, CaseLane.SECOND_REVIEW), "bulk.second_review"),
        # A complaint whose case came back from the brand is in the analysts' lane and stays blind.
        (InBulk(OPEN, ANALYST, blind=True), "bulk.blind"),
        (InBulk(OPEN, ANALYST, authorised=True), "bulk.authorised"),
        (InBulk(OPEN, ANALYST, leased_by="Tomás Rey"), "bulk.leased"),
        (InBulk(OPEN, ANALYST, elsewhere=True), "bulk.elsewhere"),
        # Permanent reasons come before temporary ones.
        (InBulk(CaseState.DECIDED, ANALYST, leased_by="Tomás Rey", authorised=True), "bulk.decided"),
        (InBulk(OPEN, ANALYST, leased_by="Tomás Rey", authorised=True), "bulk.authorised"),
    ],
)
def test_a_case_is_included_or_the_reason_is_given(case: InBulk, expected: str | None) -> None:
    reason = why_left_out(case)
    assert (reason and reason.code) == expected
    assert reason is None or in_english(reason)


@pytest.mark.parametrize("lane", sorted(BLIND_LANES))
def test_no_blind_case_is_included(lane: CaseLane) -> None:
    assert why_left_out(InBulk(OPEN, lane)) is not None
