"""The documents that a seller may upload, when, and the sentence about their outcome."""

import pytest

from models.errors import Conflict, DomainError, Invalid
from models.labels import AppealState
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.counter_notice import CounterNoticeState
from serving.appeals.rules.seller_evidence import DocumentsOnFile, check_seller_document, may_upload, outcome_of
from serving.takedowns.rules.statement import OverturnCause

PDF = b"%PDF-1.7 " + b"x" * 91
POLICY = SellerEvidencePolicy(largest_document=100, most_documents=3, most_bytes=250)
NOTHING = DocumentsOnFile(0, 0)
S = CounterNoticeState


@pytest.mark.parametrize("before", [NOTHING, DocumentsOnFile(2, 150)], ids=["the first", "the last, to the byte"])
def test_a_document_within_the_limits_is_taken(before: DocumentsOnFile) -> None:
    assert check_seller_document(PDF, before, POLICY) == "application/pdf"


@pytest.mark.parametrize(
    ("content", "before", "error", "message"),
    [
        (b"", NOTHING, Invalid, "Choose a document"),
        (PDF + b"x", NOTHING, Invalid, "at most 0.0001 MB"),
        (b"<html>", NOTHING, Invalid, "a PDF, PNG or JPEG"),
        (PDF, DocumentsOnFile(3, 30), Conflict, "3 documents"),
        (PDF, DocumentsOnFile(2, 151), Conflict, "in total"),
    ],
)
def test_a_document_is_refused(content: bytes, before: DocumentsOnFile, error: type[DomainError], message: str) -> None:
    with pytest.raises(error, match=message):
        check_seller_document(content, before, POLICY)


@pytest.mark.parametrize(
    ("state", "may_appeal", "expected", "_why"),
    [
        (None, False, False, "the seller has not been told of the removal yet"),
        (S.WITH_SELLER, True, True, "it may answer"),
        (S.WITH_RIGHTS_HOLDER, True, True, "the rights holder is reading"),
        (S.WITH_REVIEWER, False, True, "a person is deciding"),
        (S.WITH_COURT, False, True, "it is open"),
        (S.LAPSED, True, True, "an appeal would be read"),
        (S.WITHDRAWN, True, True, "an appeal would be read"),
        (S.LAPSED, False, False, "the time to appeal has passed"),
        (S.DISMISSED, False, False, "it is decided"),
        (S.UPHELD, False, False, "there is nothing to prove any more"),
    ],
)
def test_a_document_can_be_handed_in_while_somebody_may_read_it(
    state: S | None, may_appeal: bool, expected: bool, _why: str
) -> None:
    assert may_upload(state, may_appeal=may_appeal) is expected


@pytest.mark.parametrize(
    ("state", "appeal", "undone", "outcome"),
    [
        (S.UPHELD, AppealState.UPHELD, OverturnCause.APPEAL, "upheld"),
        (S.UPHELD, None, OverturnCause.CONCEDED, "conceded"),
        (S.UPHELD, None, OverturnCause.SILENCE, "unanswered"),
        (S.DISMISSED, AppealState.DISMISSED, None, "stands"),
        (None, AppealState.DISMISSED, None, "stands"),
        (S.LAPSED, None, None, "undecided"),
        (S.WITHDRAWN, None, None, "undecided"),
        (S.WITHDRAWN, AppealState.OPEN, None, "open"),
        (S.WITH_REVIEWER, AppealState.OPEN, None, "open"),
        (S.WITH_RIGHTS_HOLDER, None, None, "open"),
        (None, None, None, "open"),
    ],
)
def test_what_came_of_a_document(
    state: S | None, appeal: AppealState | None, undone: OverturnCause | None, outcome: str
) -> None:
    assert outcome_of(state, appeal, undone).code == f"outcome.{outcome}"
