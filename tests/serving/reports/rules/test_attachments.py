"""The documents and the test buy that a report may carry."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from models.errors import Conflict, DomainError, Invalid, TooLate
from serving.appeals.policy import SellerEvidencePolicy
from serving.appeals.rules.seller_evidence import HandedIn
from serving.reports.policy import ReportPolicy
from serving.reports.rules.attachments import TestBuyRecord, admit, check_hand_in, number_of

PDF = b"%PDF-1.7 " + b"x" * 91
POLICY = ReportPolicy(most_documents=3, most_document_bytes_a_day=1_000)
DOCUMENTS = SellerEvidencePolicy(largest_document=100, most_documents=9, most_bytes=250)
NOTHING = HandedIn(0, 0)
TODAY = date(2026, 3, 10)
NAMES = ("MP-1", "7", "https://bazaar.example/item/MP-3")
RECORD = TestBuyRecord("4711-A", date(2026, 3, 1), date(2026, 3, 9), "The serial number is printed.", "MP-1")
SENT_AT = datetime(2026, 3, 10, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("before", "today", "why"),
    [
        (NOTHING, 0, "the first"),
        (HandedIn(2, 150), 900, "the last of the report, of its bytes and of the day's, to the byte"),
    ],
)
def test_a_document_within_the_limits_is_taken(before: HandedIn, today: int, why: str) -> None:
    assert admit(PDF, before, today, policy=POLICY, documents=DOCUMENTS) == "application/pdf", why


@pytest.mark.parametrize(
    ("content", "before", "today", "error", "message"),
    [
        (b"", NOTHING, 0, Invalid, "Choose a document"),
        (PDF + b"x", NOTHING, 0, Invalid, "at most 0.0001 MB"),
        (b"<html>", NOTHING, 0, Invalid, "a PDF, PNG or JPEG"),
        (PDF, HandedIn(3, 30), 0, Conflict, "This report already has 3 documents"),
        (PDF, HandedIn(2, 151), 0, Conflict, "All documents of a report .* in total"),
        (PDF, NOTHING, 901, Conflict, "Your brand sent very many documents today"),
    ],
)
def test_a_document_is_refused(
    content: bytes, before: HandedIn, today: int, error: type[DomainError], message: str
) -> None:
    with pytest.raises(error, match=message):
        admit(content, before, today, policy=POLICY, documents=DOCUMENTS)


def test_a_report_takes_documents_for_a_day() -> None:
    day = timedelta(hours=POLICY.documents_hours)
    check_hand_in(SENT_AT, SENT_AT + day - timedelta(microseconds=1), POLICY)
    with pytest.raises(TooLate, match="for 24 hours after it was sent"):
        check_hand_in(SENT_AT, SENT_AT + day, POLICY)


@pytest.mark.parametrize(
    ("listing", "names", "number", "why"),
    [
        ("MP-1", NAMES, 1, "by its name"),
        (" https://bazaar.example/item/MP-3 ", NAMES, 3, "by its address"),
        ("3", NAMES, 3, "by its number"),
        ("7", NAMES, 2, "a name that is a number comes first"),
        (None, ("MP-1",), 1, "the only one needs no name"),
        (" ", ("MP-1",), 1, "white space is no name"),
    ],
)
def test_the_listing_that_was_bought_is_found(
    listing: str | None, names: tuple[str, ...], number: int, why: str
) -> None:
    assert number_of(replace(RECORD, listing=listing), names, TODAY) == number, why


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"listing": None}, "Name the listing that was bought"),
        ({"listing": "MP-9"}, "Name the listing that was bought"),
        ({"listing": "4"}, "Name the listing that was bought"),
        ({"listing": "0"}, "Name the listing that was bought"),
        ({"listing": "1" * 5_000}, "Name the listing that was bought"),
        ({"listing": "\N{SUPERSCRIPT TWO}"}, "Name the listing that was bought"),
        ({"order_reference": " "}, "order reference must have 1 to 200"),
        ({"order_reference": "x" * 201}, "order reference must have 1 to 200"),
        ({"finding": "\n"}, "what was found in the test buy, in 1 to 2,000"),
        ({"finding": "x" * 2_001}, "what was found in the test buy, in 1 to 2,000"),
        ({"ordered_on": TODAY + timedelta(days=1), "received_on": None}, "cannot be in the future"),
        ({"received_on": TODAY + timedelta(days=1)}, "received before they were ordered, or in the future"),
        ({"received_on": RECORD.ordered_on - timedelta(days=1)}, "received before they were ordered"),
    ],
)
def test_an_incomplete_test_buy_is_refused(changed: dict[str, object], message: str) -> None:
    with pytest.raises(Invalid, match=message):
        number_of(replace(RECORD, **changed), NAMES, TODAY)  # type: ignore[arg-type]  # one field of each type


@pytest.mark.parametrize(
    "changed",
    [
        {"received_on": None},
        {"ordered_on": TODAY, "received_on": TODAY},
        {"order_reference": f" {'x' * 200} ", "finding": "x" * 2_000},
    ],
    ids=["on its way", "ordered and received today", "the longest texts"],
)
def test_a_complete_test_buy_is_taken(changed: dict[str, object]) -> None:
    assert number_of(replace(RECORD, **changed), NAMES, TODAY) == 1  # type: ignore[arg-type]  # as above
