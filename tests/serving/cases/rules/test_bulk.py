import pytest

from models.case import BLIND_LANES, CaseLane, CaseState
from models.messages.english import in_english
from serving.cases.rules.bulk_verdicts import BulkCandidate, exclusion_reason

OPEN, ANALYST = CaseState.OPEN, CaseLane.ANALYST


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (BulkCandidate(OPEN, ANALYST), None),
        (BulkCandidate(OPEN, CaseLane.AUDIT), None),
        (BulkCandidate(OPEN, CaseLane.INSUFFICIENT_EVIDENCE), None),
        (BulkCandidate(CaseState.DECIDED, ANALYST), "bulk.decided"),
        (BulkCandidate(CaseState.STALE, ANALYST), "bulk.stale"),
        (BulkCandidate(OPEN, CaseLane.ASK_BRAND), "bulk.ask_brand"),
        (BulkCandidate(OPEN, CaseLane.APPEAL), "bulk.appeal"),
        (BulkCandidate(OPEN, CaseLane.COMPLAINT), "bulk.complaint"),
        (BulkCandidate(OPEN, CaseLane.SECOND_REVIEW), "bulk.second_review"),
        # A complaint whose case came back from the brand is in the analysts' lane and stays blind.
        (BulkCandidate(OPEN, ANALYST, blind=True), "bulk.blind"),
        (BulkCandidate(OPEN, ANALYST, authorised=True), "bulk.authorised"),
        (BulkCandidate(OPEN, ANALYST, leased_by="Tomás Rey"), "bulk.leased"),
        (BulkCandidate(OPEN, ANALYST, elsewhere=True), "bulk.elsewhere"),
        # Permanent reasons come before temporary ones.
        (BulkCandidate(CaseState.DECIDED, ANALYST, leased_by="Tomás Rey", authorised=True), "bulk.decided"),
        (BulkCandidate(OPEN, ANALYST, leased_by="Tomás Rey", authorised=True), "bulk.authorised"),
    ],
)
def test_a_case_is_included_or_the_reason_is_given(case: BulkCandidate, expected: str | None) -> None:
    reason = exclusion_reason(case)
    assert (reason and reason.code) == expected
    assert reason is None or in_english(reason)


@pytest.mark.parametrize("lane", sorted(BLIND_LANES))
def test_no_blind_case_is_included(lane: CaseLane) -> None:
    assert exclusion_reason(BulkCandidate(OPEN, lane)) is not None
