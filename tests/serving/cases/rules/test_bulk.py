import pytest

from models.case import BLIND_LANES, CaseLane, CaseState
from models.errors import Invalid
from models.messages.english import in_english
from serving.cases.policy import DEFAULT_BULK_VERDICTS
from serving.cases.rules.bulk_verdicts import BulkCandidate, NamedCase, distinct_cases, exclusion_reason

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


MOST = DEFAULT_BULK_VERDICTS.most_listings


def items_of(many: int) -> list[NamedCase]:
    return [NamedCase(f"cas_{number}", f"ver_{number}") for number in range(many)]


def test_a_request_names_at_most_three_hundred_listings() -> None:
    assert MOST == 300
    assert distinct_cases(items_of(MOST), DEFAULT_BULK_VERDICTS) == tuple(items_of(MOST))
    with pytest.raises(Invalid, match="One request can contain at most 300 listings, not 301"):
        distinct_cases(items_of(MOST + 1), DEFAULT_BULK_VERDICTS)


def test_a_listing_that_is_named_twice_counts_once() -> None:
    assert distinct_cases([*items_of(2), *items_of(1)], DEFAULT_BULK_VERDICTS) == tuple(items_of(2))


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([], "Choose at least one listing"),
        ([NamedCase("cas_1", "ver_1"), NamedCase("cas_1", "ver_2")], "two versions"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(items: list[NamedCase], expected: str) -> None:
    with pytest.raises(Invalid, match=expected):
        distinct_cases(items, DEFAULT_BULK_VERDICTS)
