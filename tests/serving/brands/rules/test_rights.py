"""Which right carries a notice, where, when and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messages.english import in_english
from models.verdict import ReasonCode
from serving.brands.policy import DEFAULT_RIGHTS as POLICY
from serving.brands.rules.rights import WORLD, Mandate, Notice, Right, RightKind, RightState, basis_for, objection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MARK = Right(
    "rgt_1",
    RightKind.MARK,
    "AURELLE",
    "EUIPO",
    "018000001",
    (18, 25),
    frozenset({"EU"}),
    RightState.VERIFIED,
    datetime(2016, 3, 1, tzinfo=UTC),
    datetime(2027, 3, 1, tzinfo=UTC),
)
NOTICE = Notice(ReasonCode.TRADEMARK_COUNTERFEIT, frozenset({"FR"}), NOW)
NAMED = "The mark “AURELLE” (EUIPO 018000001)"


@pytest.mark.parametrize(
    ("change", "address", "why"),
    [
        ({}, "https://euipo.europa.eu/eSearch/#details/trademarks/018000001", "a mark of the Union"),
        ({"kind": RightKind.DESIGN}, "https://euipo.europa.eu/eSearch/#details/designs/018000001", "a design"),
        ({"office": "Uspto."}, "https://tsdr.uspto.gov/#caseNumber=018000001", "however the office is written"),
        ({"office": "Elsewhere"}, None, "we know no address of its register"),
        ({"kind": RightKind.COPYRIGHT}, None, "a work is in no register"),
        ({"number": "01/8 &x"}, "https://euipo.europa.eu/eSearch/#details/trademarks/01%2F8%26x", "typed by anybody"),
    ],
)
def test_a_right_leads_to_its_page_in_the_register(change: dict[str, Any], address: str | None, why: str) -> None:
    register = replace(MARK, **change).register_address
    assert (register is None) == (address is None), why
    assert (register or "").startswith(address or ""), why


CASES: list[tuple[dict[str, Any], dict[str, Any], str | None, str]] = [
    ({}, {}, None, "a mark of the Union, sold in France"),
    ({}, {"reason_code": ReasonCode.MARK_MISUSE}, None, "misuse is of a mark too"),
    ({}, {"reason_code": ReasonCode.NOT_AS_DESCRIBED}, None, "any right in force is enough"),
    ({}, {"reason_code": ReasonCode.DESIGN}, f"{NAMED} does not cover “design”.", "a mark is no design"),
    ({}, {"reason_code": ReasonCode.COPYRIGHT}, f"{NAMED} does not cover “copyright”.", "a mark is no work"),
    ({"state": RightState.CLAIMED}, {}, f"{NAMED} is not verified yet.", "not verified"),
    ({"state": RightState.REFUSED}, {}, f"{NAMED} was refused at verification.", "refused"),
    ({"state": RightState.WITHDRAWN}, {}, f"{NAMED} was withdrawn by its owner.", "withdrawn"),
    ({}, {"at": MARK.begins_at}, None, "the first moment"),
    ({"begins_at": NOW + timedelta(days=1)}, {}, f"{NAMED} is valid only from 2 March 2026.", "before it begins"),
    ({}, {"at": datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)}, None, "the last second"),
    ({}, {"at": MARK.expires_at}, f"{NAMED} expired on 28 February 2027.", "the second after"),
    ({"expires_at": None}, {"at": datetime(2099, 1, 1, tzinfo=UTC)}, None, "a right without an end"),
    (
        {},
        {"sold_in": frozenset({"US", "CN"})},
        f"{NAMED} is valid in European Union. This marketplace sells in China and United States.",
        "out of territory",
    ),
    ({}, {"sold_in": frozenset({"US", "DE"})}, None, "one shared country is enough"),
    ({}, {"sold_in": frozenset({"EU"})}, None, "Union and Union"),
    ({"territories": frozenset({"FR"})}, {"sold_in": frozenset({"EU"})}, None, "France is in the Union"),
    (
        {"territories": frozenset({"GB"})},
        {"sold_in": frozenset({"EU"})},
        f"{NAMED} is valid in United Kingdom. This marketplace sells in European Union.",
        "the United Kingdom has left it",
    ),
    (
        {},
        {"sold_in": None},
        f"{NAMED} is valid in European Union. This marketplace has not stated where it sells.",
        "unknown is not everywhere",
    ),
    ({"territories": frozenset({WORLD})}, {"sold_in": None}, None, "the world is everywhere"),
    ({}, {"sold_in": frozenset({WORLD})}, None, "selling everywhere includes here"),
]


@pytest.mark.parametrize(("right", "notice", "expected", "_why"), CASES)
def test_a_right_carries_a_notice_or_says_why_not(
    right: dict[str, Any], notice: dict[str, Any], expected: str | None, _why: str
) -> None:
    refusal = objection(replace(MARK, **right), replace(NOTICE, **notice), POLICY)
    assert (None if refusal is None else in_english(refusal)) == expected


MANDATE = Mandate(
    "poa_1",
    "Lexa",
    frozenset({RightKind.MARK}),
    frozenset({"FR", "BE"}),
    NOW - timedelta(days=30),
    NOW + timedelta(days=30),
    None,
)
AGENTS: list[tuple[dict[str, Any], dict[str, Any], str, str]] = [
    ({}, {}, f"{NAMED} applies.", "within all limits"),
    ({"expires_at": NOW}, {}, "The power of attorney of Lexa ended on 1 March 2026.", "the moment at which it ends"),
    (
        {"revoked_at": NOW - timedelta(days=2)},
        {},
        "The power of attorney of Lexa was revoked on 27 February 2026.",
        "revoked",
    ),
    (
        {"begins_at": NOW + timedelta(days=1)},
        {},
        "The power of attorney of Lexa is valid only from 2 March 2026.",
        "before it begins",
    ),
    (
        {"kinds": frozenset({RightKind.DESIGN})},
        {},
        f"{NAMED} is outside the power of attorney of Lexa.",
        "another kind of right",
    ),
    (
        {"territories": frozenset({"US"})},
        {},
        f"{NAMED} is not valid where Lexa may act.",
        "no country in common with the right",
    ),
    (
        {},
        {"sold_in": frozenset({"DE"})},
        f"{NAMED} is valid in Belgium and France. This marketplace sells in Germany.",
        "the right covers Germany and the mandate does not",
    ),
    ({"territories": frozenset({WORLD})}, {"sold_in": frozenset({"DE"})}, f"{NAMED} applies.", "everywhere"),
]


@pytest.mark.parametrize(("mandate", "notice", "expected", "_why"), AGENTS)
def test_an_agent_acts_within_the_power_of_attorney(
    mandate: dict[str, Any], notice: dict[str, Any], expected: str, _why: str
) -> None:
    legal_basis = basis_for([MARK], [replace(MANDATE, **mandate)], replace(NOTICE, **notice), POLICY)
    assert [in_english(reason) for reason in legal_basis.reasons] == [expected]
    assert (legal_basis.right is not None) == expected.endswith("applies.")


def test_one_power_of_attorney_that_holds_is_enough() -> None:
    ended = replace(MANDATE, mandate_id="poa_0", expires_at=NOW - timedelta(days=1))
    assert basis_for([MARK], [ended, MANDATE], NOTICE, POLICY).right == MARK


def test_without_a_right_of_the_kind_it_says_what_is_missing() -> None:
    legal_basis = basis_for([MARK], [], replace(NOTICE, reason_code=ReasonCode.DESIGN), POLICY)
    assert [in_english(reason) for reason in legal_basis.reasons] == ["“design” needs a design, and none is on file."]


def test_verified_rights_come_before_carried_over_ones_and_the_later_end_first() -> None:
    carried = replace(MARK, right_id="rgt_0", state=RightState.CARRIED_OVER, territories=frozenset({WORLD}))
    later = replace(MARK, right_id="rgt_2", expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert basis_for([replace(carried, expires_at=None), MARK, later], [], NOTICE, POLICY).right == later
    alone = basis_for([carried], [], NOTICE, POLICY)
    assert [in_english(reason) for reason in alone.reasons] == ["The mark carried over without a document applies."]


@given(
    st.lists(
        st.builds(
            replace,
            st.just(MARK),
            state=st.sampled_from(RightState),
            kind=st.sampled_from(RightKind),
            expires_at=st.none() | st.datetimes(timezones=st.just(UTC), min_value=datetime(2020, 1, 1)),  # noqa: DTZ001  # Made aware by `timezones`.
            territories=st.frozensets(st.sampled_from(["EU", "US", "FR", WORLD]), min_size=1),
        ),
        max_size=4,
    ),
    st.sampled_from(ReasonCode),
)
def test_the_chosen_right_has_no_objection_and_without_one_every_right_has(
    rights: list[Right], reason_code: ReasonCode
) -> None:
    notice = replace(NOTICE, reason_code=reason_code)
    legal_basis = basis_for(rights, [], notice, POLICY)
    if legal_basis.right is not None:
        assert objection(legal_basis.right, notice, POLICY) is None
    else:
        assert all(objection(right, notice, POLICY) is not None for right in rights)
    assert legal_basis.reasons
