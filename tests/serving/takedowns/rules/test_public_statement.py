from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from models.verdict import Evidence, ReasonCode, Side
from serving.takedowns.rules.public_statement import (
    EEA,
    RESTRICTS,
    Influence,
    Restriction,
    Source,
    TransparencyProfile,
    public_statement,
    transparency_profile,
)
from serving.webhooks.rules.action import INVERSE, ActionKind
from tests.fixtures.dsa_validator import COUNTRIES, errors_of

PROFILE = TransparencyProfile("Bazaar", ("DE", "FR"))
RESTRICTION = Restriction(
    action_id="act_0001",
    kind=ActionKind.REMOVE,
    content_on=date(2026, 3, 1),
    applied_on=date(2026, 3, 4),
    reason_code=ReasonCode.TRADEMARK_COUNTERFEIT,
    side=Side.BRAND,
    evidence=Evidence.LISTING,
    found_by_model=True,
    source=Source.VOLUNTARY,
    influence=Influence.PARTIALLY,
    gtin="3760123456789",
    language="en-GB",
    reversed_on=None,
)
DAYS = st.dates(date(2020, 1, 1), date(2037, 12, 31))


@given(
    st.builds(
        replace,
        st.just(RESTRICTION),
        content_on=DAYS,
        reason_code=st.sampled_from(ReasonCode),
        side=st.sampled_from(Side),
        evidence=st.sampled_from(Evidence),
        found_by_model=st.booleans(),
        source=st.sampled_from(Source),
        influence=st.sampled_from(Influence),
        gtin=st.none() | st.text(max_size=15) | st.text("0123456789", min_size=11, max_size=14),
        language=st.none() | st.text(max_size=5) | st.sampled_from(["en", "DE-at", "zh_Hant", "fil", "i-klingon"]),
    ),
    DAYS,
    st.none() | st.integers(0, 400),
)
def test_the_validator_accepts_the_statement_of_every_restriction(
    restriction: Restriction, applied_on: date, days_until_reversed: int | None
) -> None:
    reversed_on = None
    if days_until_reversed is not None:
        reversed_on = min(date.fromordinal(applied_on.toordinal() + days_until_reversed), date(2038, 1, 1))
    assert (
        errors_of(public_statement(replace(restriction, applied_on=applied_on, reversed_on=reversed_on), PROFILE)) == []
    )


@pytest.mark.parametrize(
    ("changes", "field", "expected"),
    [
        ({}, "puid", "act_0001"),
        ({}, "decision_visibility", ["DECISION_VISIBILITY_CONTENT_REMOVED"]),
        ({}, "territorial_scope", ["DE", "FR"]),
        ({}, "content_language", "EN"),
        ({"language": "fil"}, "content_language", None),
        ({"language": None}, "content_language", None),
        ({}, "content_id", {"EAN-13": "3760123456789"}),
        ({"gtin": "012345678905"}, "content_id", {"EAN-13": "0012345678905"}),
        ({"gtin": "96385074"}, "content_id", None),
        ({"gtin": "١٢٣٤٥٦٧٨٩٠١٢٣"}, "content_id", None),
        ({}, "automated_detection", "Yes"),
        ({"found_by_model": False}, "automated_detection", "No"),
        ({"influence": Influence.NONE}, "automated_decision", "AUTOMATED_DECISION_NOT_AUTOMATED"),
        ({"source": Source.TRUSTED_FLAGGER}, "source_type", "SOURCE_TRUSTED_FLAGGER"),
        ({"reason_code": ReasonCode.DESIGN}, "category_specification", ["KEYWORD_DESIGN_INFRINGEMENT"]),
        ({"reason_code": ReasonCode.COPYRIGHT}, "category_specification", ["KEYWORD_COPYRIGHT_INFRINGEMENT"]),
        ({"reason_code": ReasonCode.NOT_AS_DESCRIBED}, "category", "STATEMENT_CATEGORY_SCAMS_AND_FRAUD"),
        ({}, "end_date_visibility_restriction", None),
        ({"reversed_on": date(2026, 3, 9)}, "end_date_visibility_restriction", "2026-03-09"),
    ],
)
def test_the_fields_of_a_statement(changes: dict[str, Any], field: str, expected: Any) -> None:
    assert public_statement(replace(RESTRICTION, **changes), PROFILE)[field] == expected


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "The listing was found by an automated classifier. The rights holder declared in good faith "),
        ({"found_by_model": False}, "The listing was drawn at random for a check by a person. The rights holder "),
        ({"source": Source.NOTICE}, "The listing was notified to the platform. The rights holder declared "),
        ({"side": Side.ANALYST}, " An analyst examined the listing and found "),
        ({"evidence": Evidence.TEST_BUY}, " The goods were bought from this seller and examined: "),
        ({"reversed_on": date(2026, 3, 9)}, " The removal was reversed on 2026-03-09, after the seller's complaint."),
    ],
)
def test_the_facts_name_the_detection_the_examiner_and_the_reversal(changes: dict[str, Any], sentence: str) -> None:
    assert sentence in public_statement(replace(RESTRICTION, **changes), PROFILE)["decision_facts"]


def test_a_decision_without_a_person_names_no_person() -> None:
    facts = public_statement(replace(RESTRICTION, influence=Influence.FULLY), PROFILE)["decision_facts"]
    assert facts == "The listing was found by an automated classifier. It was removed by an automated rule."


def test_every_action_restricts_something_or_is_the_inverse_of_one_that_does() -> None:
    assert {kind for kind in ActionKind if kind not in RESTRICTS} == {INVERSE[kind] for kind in RESTRICTS}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"kind": ActionKind.REINSTATE}, "act_0001: reinstate restricts nothing, so it has no statement of reasons."),
        ({"content_on": date(1999, 12, 31)}, "the listing is dated 1999-12-31, and the database takes days from 2000"),
        ({"applied_on": date(2019, 12, 31)}, "the removal is dated 2019-12-31, and the database takes days from 2020"),
        ({"applied_on": date(2038, 1, 2)}, "to 2038-01-01."),
    ],
)
def test_a_statement_outside_the_rules_of_the_database_is_refused(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Invalid) as refused:
        public_statement(replace(RESTRICTION, **changes), PROFILE)
    assert sentence in refused.value.sentence


def test_the_countries_are_those_of_the_validator() -> None:
    assert set(EEA) == COUNTRIES
    assert transparency_profile(" Bazaar ", ["FR", "DE", "FR"]) == TransparencyProfile("Bazaar", ("DE", "FR"))
    assert set(transparency_profile("Bazaar", ["EEA"]).territorial_scope) == COUNTRIES
    assert len(transparency_profile("Bazaar", ["EU"]).territorial_scope) == 27


@pytest.mark.parametrize(
    ("name", "territories", "sentence"),
    [
        ("", ["DE"], "The platform name must have"),
        ("a" * 201, ["DE"], "The platform name must have"),
        ("Ba\x00zaar", ["DE"], "The platform name must have"),
        ("Bazaar", [], "Name the EEA countries"),
        ("Bazaar", ["DE", "US"], "US is not the code of an EEA country"),
        ("Bazaar", ["EL"], "EL is not the code of an EEA country"),
    ],
)
def test_an_invalid_profile_is_refused(name: str, territories: list[str], sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        transparency_profile(name, territories)
