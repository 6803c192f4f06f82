import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messages.english import in_english
from models.verdict import Side
from serving.takedowns.policy import DEFAULT_BURSTS, BurstPolicy
from serving.takedowns.rules.bursts import Asked, HoldCause, Pace, cap, holds

QUIET = Asked(Side.BRAND, Pace(0), Pace(0), Pace(0), sales_90d=12.0, switched_on=True)
C = HoldCause

TABLE: list[tuple[Asked, set[HoldCause], str]] = [
    (QUIET, set(), "all normal"),
    (replace(QUIET, user=Pace(19)), set(), "the twentieth of an hour is sent"),
    (replace(QUIET, user=Pace(20)), {C.USER_BURST}, "the twenty-first is pending"),
    (replace(QUIET, user=Pace(20, 14)), set(), "half as much again of 14 is 21, so the 21st is sent"),
    (replace(QUIET, user=Pace(20, 13)), {C.USER_BURST}, "of 13 it is 19, so the cap stays at twenty"),
    (replace(QUIET, brand=Pace(39)), set(), "the fortieth of a brand is sent"),
    (replace(QUIET, brand=Pace(40)), {C.BRAND_BURST}, "the next is pending"),
    (replace(QUIET, brand=Pace(59, 40)), set(), "a brand with a history of forty may send sixty"),
    (replace(QUIET, brand=Pace(60, 40)), {C.BRAND_BURST}, "at most sixty"),
    (replace(QUIET, brand=None), set(), "a listing without a brand has no brand's pace"),
    (replace(QUIET, seller=Pace(9)), set(), "the tenth listing of a seller is sent"),
    (replace(QUIET, seller=Pace(10)), {C.SELLER_BURST}, "the eleventh is pending"),
    (replace(QUIET, seller=Pace(10, 500)), {C.SELLER_BURST}, "no history raises the cap that protects a seller"),
    (replace(QUIET, seller=None), set(), "an unnamed seller has no known pace"),
    (replace(QUIET, sales_90d=199.0), set(), "a small shop"),
    (replace(QUIET, sales_90d=200.0), {C.HIGH_IMPACT}, "a livelihood"),
    (replace(QUIET, sales_90d=None), set(), "unknown sales are not high sales"),
    (replace(QUIET, switched_on=False), {C.SWITCHED_OFF}, "the rule is switched off"),
    (replace(QUIET, side=Side.ANALYST, switched_on=False), set(), "the kill switch covers brands' confirmations"),
    (replace(QUIET, side=Side.ANALYST, brand=Pace(400)), set(), "an analyst's confirmation is not the brand's burst"),
    (replace(QUIET, side=Side.ANALYST, user=Pace(20)), {C.USER_BURST}, "an analyst's account can be stolen too"),
    (replace(QUIET, side=Side.ANALYST, seller=Pace(10)), {C.SELLER_BURST}, "a seller is protected from everybody"),
    (replace(QUIET, alarm=True), {C.BRAND_ALARM}, "while the alarm stands the first of a new hour is pending too"),
    (replace(QUIET, side=Side.ANALYST, alarm=True), set(), "an analyst decides for the marketplace meanwhile"),
    (
        replace(QUIET, user=Pace(20), brand=Pace(40), seller=Pace(10), sales_90d=200.0, switched_on=False, alarm=True),
        set(HoldCause),
        "all reasons are given",
    ),
]


@pytest.mark.parametrize(("asked", "causes", "why"), TABLE, ids=[row[-1] for row in TABLE])
def test_the_holds_of_a_removal(asked: Asked, causes: set[HoldCause], why: str) -> None:
    assert {one.cause for one in holds(asked, DEFAULT_BURSTS)} == causes, why


def test_the_cause_that_names_the_alert_comes_first() -> None:
    everything = TABLE[-1][0]
    assert [one.cause for one in holds(everything, DEFAULT_BURSTS)] == list(HoldCause)


def test_the_messages_have_the_figures() -> None:
    everything = replace(TABLE[-1][0], user=Pace(45, 30))
    assert [in_english(one.message) for one in holds(everything, DEFAULT_BURSTS)] == [
        "Removals on a brand's confirmation are switched off.",
        "One person has confirmed 45 removals within an hour.",
        "One brand has confirmed 40 removals within an hour.",
        "10 listings of one seller were removed within an hour.",
        "The seller sold 200 items in 90 days. Two organisations decide about a shop of this size.",
        "Removals of this brand are pending after a burst. Until they are decided, all of its removals need approval.",
    ]


@pytest.mark.parametrize(
    ("busiest", "allowed", "why"),
    [
        (0, 20, "the lowest cap without a history"),
        (20, 30, "half as much again"),
        (21, 31, "rounded down"),
        (66, 99, "just below the highest cap"),
        (67, 100, "the highest cap"),
        (100_000, 100, "no history exceeds the highest cap"),
    ],
)
def test_a_history_raises_a_cap_up_to_the_highest(busiest: int, allowed: int, why: str) -> None:
    assert cap(Pace(0, busiest), DEFAULT_BURSTS.per_user, DEFAULT_BURSTS.most_per_user, DEFAULT_BURSTS) == allowed, why


paces = st.builds(Pace, st.integers(0, 300), st.integers(0, 300))
policies = st.builds(
    BurstPolicy, per_user=st.integers(0, 50), per_brand=st.integers(0, 50), per_seller=st.integers(0, 50)
)


@given(paces, paces, paces, policies, st.sampled_from(Side))
def test_one_more_sent_removal_never_ends_a_hold(
    user: Pace, brand: Pace, seller: Pace, policy: BurstPolicy, side: Side
) -> None:
    asked = Asked(side, user, brand, seller, None, switched_on=True)
    before = {one.cause for one in holds(asked, policy)}
    one_more = [replace(pace, last_hour=pace.last_hour + 1) for pace in (user, brand, seller)]
    for more in (
        replace(asked, user=one_more[0]),
        replace(asked, brand=one_more[1]),
        replace(asked, seller=one_more[2]),
    ):
        assert before <= {one.cause for one in holds(more, policy)}


@given(st.integers(0, 600), policies, st.integers(0, 300))
def test_continuous_confirmations_send_at_most_the_cap(asked: int, policy: BurstPolicy, past: int) -> None:
    through = 0
    for _ in range(asked):
        one = Asked(Side.BRAND, Pace(through, past), Pace(through, past), Pace(through), None, switched_on=True)
        through += not holds(one, policy)
    caps = (
        cap(Pace(0, past), policy.per_user, policy.most_per_user, policy),
        cap(Pace(0, past), policy.per_brand, policy.most_per_brand, policy),
        policy.per_seller,
    )
    assert through == min(asked, *caps)


def test_each_cause_holds_a_removal_independently() -> None:
    parts = {
        C.USER_BURST: {"user": Pace(20)},
        C.BRAND_BURST: {"brand": Pace(40)},
        C.SELLER_BURST: {"seller": Pace(10)},
        C.HIGH_IMPACT: {"sales_90d": 300.0},
        C.SWITCHED_OFF: {"switched_on": False},
    }
    for some in itertools.chain.from_iterable(itertools.combinations(parts, n) for n in range(len(parts) + 1)):
        asked = QUIET
        for cause in some:
            asked = replace(asked, **parts[cause])  # type: ignore[arg-type]  # a field's own value
        assert {one.cause for one in holds(asked, DEFAULT_BURSTS)} == set(some)
