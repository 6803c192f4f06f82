"""Which right carries a notice, where, when and for whom."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.verdict import ReasonCode
from serving.rights.policy import DEFAULT_RIGHTS as POLICY
from serving.rights.rules.rights import WORLD, Mandate, Notice, Right, RightKind, RightState, basis, objection

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

CASES: list[tuple[dict[str, Any], dict[str, Any], str | None, str]] = [
    ({}, {}, None, "a mark of the Union, sold in France"),
    ({}, {"reason_code": ReasonCode.MARK_MISUSE}, None, "misuse is of a mark too"),
    ({}, {"reason_code": ReasonCode.NOT_AS_DESCRIBED}, None, "any right speaks for its owner"),
    ({}, {"reason_code": ReasonCode.DESIGN}, f"{NAMED} says nothing about “design”.", "a mark is no design"),
    ({}, {"reason_code": ReasonCode.COPYRIGHT}, f"{NAMED} says nothing about “copyright”.", "a mark is no work"),
    ({"state": RightState.CLAIMED}, {}, f"{NAMED} has not been verified yet.", "nobody has looked"),
    ({"state": RightState.REFUSED}, {}, f"{NAMED} was refused when it was verified.", "somebody has"),
    ({"state": RightState.WITHDRAWN}, {}, f"{NAMED} was withdrawn by its owner.", "taken back"),
    ({}, {"at": MARK.begins_at}, None, "the first moment"),
    (
        {"begins_at": NOW + timedelta(days=1)},
        {},
        f"{NAMED} holds only from 2026-03-02 on.",
        "before it begins",
    ),
    ({}, {"at": datetime(2027, 2, 28, 23, 59, 59, tzinfo=UTC)}, None, "the last second"),
    ({}, {"at": MARK.expires_at}, f"{NAMED} ended on 2027-02-28.", "the second after"),
    ({"expires_at": None}, {"at": datetime(2099, 1, 1, tzinfo=UTC)}, None, "a right without an end"),
    (
        {},
        {"sold_in": frozenset({"US", "CN"})},
        f"{NAMED} holds in EU, and this marketplace sells in CN, US.",
        "out of territory",
    ),
    ({}, {"sold_in": frozenset({"US", "DE"})}, None, "one shared country is enough"),
    ({}, {"sold_in": frozenset({"EU"})}, None, "Union and Union"),
    ({"territories": frozenset({"FR"})}, {"sold_in": frozenset({"EU"})}, None, "France is in the Union"),
    (
        {"territories": frozenset({"GB"})},
        {"sold_in": frozenset({"EU"})},
        f"{NAMED} holds in GB, and this marketplace sells in EU.",
        "the United Kingdom has left it",
    ),
    (
        {},
        {"sold_in": None},
        f"{NAMED} holds in EU, and this marketplace has not said where it sells.",
        "not known is not everywhere",
    ),
    ({"territories": frozenset({WORLD})}, {"sold_in": None}, None, "the world is everywhere"),
    ({}, {"sold_in": frozenset({WORLD})}, None, "who sells everywhere sells here"),
]


@pytest.mark.parametrize(("right", "notice", "said", "_why"), CASES, ids=[row[-1] for row in CASES])
def test_a_right_carries_a_notice_or_says_why_not(
    right: dict[str, Any], notice: dict[str, Any], said: str | None, _why: str
) -> None:
    assert objection(replace(MARK, **right), replace(NOTICE, **notice), POLICY) == said


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
    ({}, {}, f"{NAMED} carries it.", "within all limits"),
    (
        {"expires_at": NOW},
        {},
        "The power of attorney of Lexa ended on 2026-03-01.",
        "the moment at which it ends",
    ),
    (
        {"revoked_at": NOW - timedelta(days=2)},
        {},
        "The power of attorney of Lexa was revoked on 2026-02-27.",
        "taken back",
    ),
    (
        {"begins_at": NOW + timedelta(days=1)},
        {},
        "The power of attorney of Lexa holds only from 2026-03-02 on.",
        "before it begins",
    ),
    (
        {"kinds": frozenset({RightKind.DESIGN})},
        {},
        f"{NAMED} is none that Lexa may act on: the power of attorney leaves it out.",
        "another kind of right",
    ),
    (
        {"territories": frozenset({"US"})},
        {},
        f"{NAMED} holds nowhere where Lexa may act.",
        "no country in common with the right",
    ),
    (
        {},
        {"sold_in": frozenset({"DE"})},
        f"{NAMED} holds in BE, FR, and this marketplace sells in DE.",
        "the right reaches Germany and the agent does not",
    ),
    ({"territories": frozenset({WORLD})}, {"sold_in": frozenset({"DE"})}, f"{NAMED} carries it.", "everywhere"),
]


@pytest.mark.parametrize(("mandate", "notice", "said", "_why"), AGENTS, ids=[row[-1] for row in AGENTS])
def test_an_agent_acts_within_the_power_of_attorney(
    mandate: dict[str, Any], notice: dict[str, Any], said: str, _why: str
) -> None:
    found = basis([MARK], [replace(MANDATE, **mandate)], replace(NOTICE, **notice), POLICY)
    assert found.reasons == (said,)
    assert (found.right is not None) == said.endswith("carries it.")


def test_one_power_of_attorney_that_holds_is_enough() -> None:
    ended = replace(MANDATE, mandate_id="poa_0", expires_at=NOW - timedelta(days=1))
    assert basis([MARK], [ended, MANDATE], NOTICE, POLICY).right == MARK


def test_without_a_right_of_the_kind_it_says_what_is_missing() -> None:
    found = basis([MARK], [], replace(NOTICE, reason_code=ReasonCode.DESIGN), POLICY)
    assert found.reasons == ("No design is on file, which “design” needs.",)


def test_what_somebody_looked_at_goes_before_what_was_carried_over_and_the_later_end_first() -> None:
    carried = replace(MARK, right_id="rgt_0", state=RightState.CARRIED_OVER, territories=frozenset({WORLD}))
    later = replace(MARK, right_id="rgt_2", expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    without_end = replace(carried, expires_at=None)
    assert basis([without_end, MARK, later], [], NOTICE, POLICY).right == later
    alone = basis([carried], [], NOTICE, POLICY)
    assert alone.reasons == ("The mark that was carried over without a document carries it.",)


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
def test_what_carries_has_no_objection_and_where_nothing_carries_each_has_one(
    rights: list[Right], reason_code: ReasonCode
) -> None:
    notice = replace(NOTICE, reason_code=reason_code)
    found = basis(rights, [], notice, POLICY)
    if found.right is not None:
        assert objection(found.right, notice, POLICY) is None
    else:
        assert all(objection(one, notice, POLICY) is not None for one in rights)
    assert found.reasons
