"""The validator of our statements refuses each kind of fault: one broken statement per row."""

from typing import Any

import pytest

from tests.fixtures.dsa_validator import errors_of, errors_of_all

EXAMPLE: dict[str, Any] = {
    "puid": "cfd-2026-000123-1",
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_account": None,
    "account_type": "ACCOUNT_TYPE_BUSINESS",
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "decision_ground_reference_url": "https://eur-lex.europa.eu/eli/reg/2017/1001",
    "illegal_content_legal_ground": "Article 9(2)(a) of Regulation (EU) 2017/1001 (EU trade mark)",
    "illegal_content_explanation": "The listing uses a sign identical to a registered trade mark for identical goods.",
    "content_type": ["CONTENT_TYPE_PRODUCT", "CONTENT_TYPE_TEXT", "CONTENT_TYPE_IMAGE"],
    "content_id": {"EAN-13": "0123456789123"},
    "category": "STATEMENT_CATEGORY_INTELLECTUAL_PROPERTY_INFRINGEMENTS",
    "category_addition": ["STATEMENT_CATEGORY_SCAMS_AND_FRAUD"],
    "category_specification": ["KEYWORD_TRADEMARK_INFRINGEMENT", "KEYWORD_INAUTHENTIC_LISTINGS"],
    "territorial_scope": ["DE", "FR"],
    "content_language": "EN",
    "content_date": "2026-03-01",
    "application_date": "2026-03-04",
    "end_date_visibility_restriction": None,
    "decision_facts": "Listing flagged by an automated classifier; the rights holder confirmed that it is not genuine.",
    "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "Yes",
    "automated_decision": "AUTOMATED_DECISION_PARTIALLY",
}
ILLEGAL_TEXTS = {"illegal_content_legal_ground": None, "illegal_content_explanation": None}
BROKEN: list[tuple[str, dict[str, Any], str]] = [
    ("no puid", {"puid": None}, "puid"),
    ("a puid with a space", {"puid": "a b"}, "puid"),
    ("a puid with a line break at its end", {"puid": "a\n"}, "puid"),
    ("a puid that is too long", {"puid": "a" * 501}, "puid"),
    ("nothing was decided", {"decision_visibility": None}, "decision_visibility"),
    ("an empty list decides nothing", {"decision_visibility": []}, "decision_visibility"),
    ("an unknown restriction", {"decision_visibility": ["DECISION_VISIBILITY_HIDDEN"]}, "decision_visibility"),
    ("one value where a list belongs", {"decision_visibility": "DECISION_VISIBILITY_OTHER"}, "decision_visibility"),
    (
        "another restriction that is not described",
        {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]},
        "decision_visibility_other",
    ),
    (
        "a description of another restriction that does not exist",
        {"decision_visibility_other": "blurred"},
        "decision_visibility_other",
    ),
    ("an unknown monetary decision", {"decision_monetary": "DECISION_MONETARY_FINE"}, "decision_monetary"),
    (
        "another monetary decision that is not described",
        {"decision_monetary": "DECISION_MONETARY_OTHER"},
        "decision_monetary_other",
    ),
    ("an unknown provision", {"decision_provision": "DECISION_PROVISION_NONE"}, "decision_provision"),
    ("an unknown decision on the account", {"decision_account": "DECISION_ACCOUNT_WARNED"}, "decision_account"),
    ("an unknown kind of account", {"account_type": "ACCOUNT_TYPE_SHOP"}, "account_type"),
    ("no ground", {"decision_ground": None}, "decision_ground"),
    ("an illegal content without its law", {"illegal_content_legal_ground": None}, "illegal_content_legal_ground"),
    ("a law that is too long", {"illegal_content_legal_ground": "x" * 501}, "illegal_content_legal_ground"),
    ("an illegal content unexplained", {"illegal_content_explanation": " "}, "illegal_content_explanation"),
    ("an explanation that is too long", {"illegal_content_explanation": "x" * 2001}, "illegal_content_explanation"),
    (
        "a ground of the terms without its clause",
        {**ILLEGAL_TEXTS, "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
        "incompatible_content_ground",
    ),
    (
        "a law under a ground of the terms",
        {"decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT"},
        "illegal_content_legal_ground",
    ),
    ("a clause under a ground of the law", {"incompatible_content_ground": "4.2"}, "incompatible_content_ground"),
    ("perhaps illegal", {"incompatible_content_illegal": "Maybe"}, "incompatible_content_illegal"),
    ("no address", {"decision_ground_reference_url": "regulation 2017/1001"}, "decision_ground_reference_url"),
    ("no kind of content", {"content_type": []}, "content_type"),
    ("an unknown kind of content", {"content_type": ["CONTENT_TYPE_SHOE"]}, "content_type"),
    ("another content that is not described", {"content_type": ["CONTENT_TYPE_OTHER"]}, "content_type_other"),
    ("a trade item number of 12 digits", {"content_id": {"EAN-13": "123456789012"}}, "content_id"),
    ("a trade item number under another name", {"content_id": {"GTIN": "0123456789123"}}, "content_id"),
    ("no category", {"category": None}, "category"),
    ("an unknown category", {"category": "STATEMENT_CATEGORY_FAKES"}, "category"),
    ("an unknown further category", {"category_addition": ["FAKES"]}, "category_addition"),
    ("an unknown keyword", {"category_specification": ["KEYWORD_FAKE"]}, "category_specification"),
    (
        "another keyword that is not described",
        {"category_specification": ["KEYWORD_OTHER"]},
        "category_specification_other",
    ),
    ("no territory", {"territorial_scope": None}, "territorial_scope"),
    ("a territory outside the EEA", {"territorial_scope": ["DE", "US"]}, "territorial_scope"),
    ("Greece as in its own language", {"territorial_scope": ["EL"]}, "territorial_scope"),
    ("a language in small letters", {"content_language": "en"}, "content_language"),
    ("a language with its region", {"content_language": "EN-GB"}, "content_language"),
    ("no date of the content", {"content_date": None}, "content_date"),
    ("a content of the last century", {"content_date": "1999-12-31"}, "content_date"),
    ("a moment where a day belongs", {"content_date": "2026-03-01T00:00:00Z"}, "content_date"),
    ("a day that does not exist", {"content_date": "2026-02-30"}, "content_date"),
    ("an application before 2020", {"application_date": "2019-12-31"}, "application_date"),
    ("an application after 2038", {"application_date": "2038-01-02"}, "application_date"),
    (
        "an end before the beginning",
        {"end_date_visibility_restriction": "2026-03-03"},
        "end_date_visibility_restriction",
    ),
    ("an end that is no day", {"end_date_account_restriction": "soon"}, "end_date_account_restriction"),
    ("no facts", {"decision_facts": ""}, "decision_facts"),
    ("facts that are too long", {"decision_facts": "x" * 5001}, "decision_facts"),
    ("an address in the facts", {"decision_facts": "Told by ines@touchstone.example."}, "decision_facts"),
    ("a telephone number in the facts", {"decision_facts": "Call +86 138 0013 8000."}, "decision_facts"),
    ("no source", {"source_type": None}, "source_type"),
    ("a notifier of a voluntary decision", {"source_identity": "Aurelle"}, "source_identity"),
    ("true is no answer", {"automated_detection": True}, "automated_detection"),
    ("no automated decision field", {"automated_decision": None}, "automated_decision"),
    ("an unknown field", {"score": 0.97}, "score"),
]


def test_the_published_example_is_accepted() -> None:
    assert errors_of(EXAMPLE) == []


@pytest.mark.parametrize(("changes", "field"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_statement_with_one_fault_is_refused_for_that_fault(changes: dict[str, Any], field: str) -> None:
    assert field in errors_of({**EXAMPLE, **changes})


def test_a_puid_counts_once() -> None:
    assert errors_of_all([EXAMPLE, {**EXAMPLE, "puid": "another"}, EXAMPLE]) == [(2, "puid")]


def test_every_missing_required_field_is_reported() -> None:
    needed = {
        "puid",
        "decision_visibility",
        "decision_ground",
        "illegal_content_legal_ground",
        "illegal_content_explanation",
        "content_type",
        "category",
        "territorial_scope",
        "content_date",
        "application_date",
        "decision_facts",
        "source_type",
        "automated_detection",
        "automated_decision",
    }
    missed = {name for name in EXAMPLE if errors_of({k: v for k, v in EXAMPLE.items() if k != name})}
    assert missed == needed
