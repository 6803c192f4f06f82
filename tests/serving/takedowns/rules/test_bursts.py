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
    (QUIET, set(), "nothing is unusual"),
    (replace(QUIET, user=Pace(19)), set(), "the twentieth of an hour leaves"),
    (replace(QUIET, user=Pace(20)), {C.USER_BURST}, "the twenty-first is held"),
    (replace(QUIET, user=Pace(20, 14)), set(), "half as much again of 14 is 21, so the 21st leaves"),
    (replace(QUIET, user=Pace(20, 13)), {C.USER_BURST}, "of 13 it is 19: the cap is twenty all the same"),
    (replace(QUIET, brand=Pace(39)), set(), "the fortieth of a brand leaves"),
    (replace(QUIET, brand=Pace(40)), {C.BRAND_BURST}, "the next is held"),
    (replace(QUIET, brand=Pace(59, 40)), set(), "a brand that has long done forty may do sixty"),
    (replace(QUIET, brand=Pace(60, 40)), {C.BRAND_BURST}, "and no more"),
    (replace(QUIET, brand=None), set(), "a listing without a brand has no brand's pace"),
    (replace(QUIET, seller=Pace(9)), set(), "the tenth listing of a seller leaves"),
    (replace(QUIET, seller=Pace(10)), {C.SELLER_BURST}, "the eleventh is held"),
    (replace(QUIET, seller=Pace(10, 500)), {C.SELLER_BURST}, "no past of a seller raises the cap that protects it"),
    (replace(QUIET, seller=None), set(), "of a seller that is not named no pace is known"),
    (replace(QUIET, sales_90d=199.0), set(), "a small shop"),
    (replace(QUIET, sales_90d=200.0), {C.HIGH_IMPACT}, "a shop that somebody lives on"),
    (replace(QUIET, sales_90d=None), set(), "unknown sales are not high sales"),
    (replace(QUIET, switched_on=False), {C.SWITCHED_OFF}, "the rule is switched off"),
    (replace(QUIET, side=Side.ANALYST, switched_on=False), set(), "the switch is of brands' confirmations"),
    (replace(QUIET, side=Side.ANALYST, brand=Pace(400)), set(), "an analyst's confirmation is no burst of the brand"),
    (replace(QUIET, side=Side.ANALYST, user=Pace(20)), {C.USER_BURST}, "an analyst's account can be stolen too"),
    (replace(QUIET, side=Side.ANALYST, seller=Pace(10)), {C.SELLER_BURST}, "a seller is protected from everybody"),
    (
        replace(QUIET, user=Pace(20), brand=Pace(40), seller=Pace(10), sales_90d=200.0, switched_on=False),
        set(HoldCause),
        "all reasons are given",
    ),
]


@pytest.mark.parametrize(("asked", "causes", "why"), TABLE, ids=[row[-1] for row in TABLE])
def test_a_removal_is_held_for(asked: Asked, causes: set[HoldCause], why: str) -> None:
    assert {one.cause for one in holds(asked, DEFAULT_BURSTS)} == causes, why


def test_what_names_the_alert_comes_first() -> None:
    everything = TABLE[-1][0]
    assert [one.cause for one in holds(everything, DEFAULT_BURSTS)] == list(HoldCause)


def test_the_sentences_say_the_figures() -> None:
    everything = replace(TABLE[-1][0], user=Pace(45, 30))
    assert [in_english(one.message) for one in holds(everything, DEFAULT_BURSTS)] == [
        "Removals on a brand's confirmation are switched off.",
        "One person has confirmed 45 removals within an hour.",
        "One brand has confirmed 40 removals within an hour.",
        "10 listings of one seller were removed within an hour.",
        "The seller sold 200 items in 90 days. Two organisations decide about a shop of this size.",
    ]


@pytest.mark.parametrize(
    ("busiest", "allowed", "why"),
    [
        (0, 20, "without a past the least"),
        (20, 30, "half as much again"),
        (21, 31, "rounded down"),
        (66, 99, "just below the most"),
        (67, 100, "the most"),
        (100_000, 100, "no past is worth more"),
    ],
)
def test_a_past_raises_a_cap_up_to_the_most(busiest: int, allowed: int, why: str) -> None:
    assert cap(Pace(0, busiest), DEFAULT_BURSTS.per_user, DEFAULT_BURSTS.most_per_user, DEFAULT_BURSTS) == allowed, why


paces = st.builds(Pace, st.integers(0, 300), st.integers(0, 300))
policies = st.builds(
    BurstPolicy, per_user=st.integers(0, 50), per_brand=st.integers(0, 50), per_seller=st.integers(0, 50)
)


@given(paces, paces, paces, policies, st.sampled_from(Side))
def test_one_more_let_through_never_frees_a_removal(
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
def test_whoever_confirms_without_pause_lets_at_most_the_cap_through(
    asked: int, policy: BurstPolicy, past: int
) -> None:
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


def test_a_removal_is_held_for_each_cause_apart_from_the_others() -> None:
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
