import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.message import message
from models.messages.english import in_english
from models.verdict import Side
from serving.takedowns.policy import DEFAULT_BURSTS, DEFAULT_STEP_UP, BurstPolicy
from serving.takedowns.rules import bursts
from serving.takedowns.rules.bursts import (
    Cap,
    Pace,
    PendingCause,
    PendingReason,
    RemovalRequest,
    Sales,
    begins_alarm,
    high_impact_reason,
    hourly_cap,
    hourly_caps,
)

QUIET = RemovalRequest(Side.BRAND, Pace(0), Pace(0), Pace(0), Sales(12.0), switched_on=True)
WHOLE = replace(QUIET, stepped_up=True)
C = PendingCause
# Those of the budgets of a day and a week, and of analysts.
OTHERS = {
    C.CHOSEN,
    C.ANALYST_ALARM,
    C.UNTOLD,
    C.STOPPED,
    C.DOUBT,
    *(cause for cause in C if cause.value.endswith(("_day", "_week"))),
}

TABLE: list[tuple[RemovalRequest, set[PendingCause], str]] = [
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
    (replace(QUIET, seller=Pace(10)), {C.SELLER_SHARE}, "the eleventh is pending"),
    (replace(QUIET, seller=Pace(10, 500)), {C.SELLER_SHARE}, "no history raises the cap that protects a seller"),
    (replace(QUIET, seller=None), set(), "an unnamed seller has no known pace"),
    (replace(QUIET, sales=Sales(199.0)), set(), "a small shop"),
    (replace(QUIET, sales=Sales(200.0)), {C.HIGH_IMPACT}, "a livelihood"),
    (replace(QUIET, sales=Sales()), set(), "unknown sales are not high sales"),
    (replace(QUIET, switched_on=False), {C.SWITCHED_OFF}, "the rule is switched off"),
    (replace(QUIET, side=Side.ANALYST, switched_on=False), {C.SWITCHED_OFF}, "analysts have a kill switch too"),
    (replace(QUIET, side=Side.ANALYST, brand=Pace(400)), set(), "an analyst's confirmation is not the brand's burst"),
    (replace(QUIET, side=Side.ANALYST, user=Pace(20)), {C.USER_BURST}, "an analyst's account can be stolen too"),
    (replace(QUIET, side=Side.ANALYST, seller=Pace(10)), {C.SELLER_SHARE}, "a seller is protected from everybody"),
    (
        replace(QUIET, user=Pace(20), brand=Pace(40), seller=Pace(10), sales=Sales(200.0), switched_on=False),
        set(PendingCause) - OTHERS,
        "all reasons are given",
    ),
    (replace(QUIET, side=Side.ANALYST, own_alarm=True), {C.ANALYST_ALARM}, "an analyst's burst holds the next hour"),
    (replace(QUIET, own_alarm=True), set(), "an analyst's alarm is not the brand's"),
    (replace(QUIET, side=Side.ANALYST, chosen=True), {C.CHOSEN}, "nobody had flagged it: a second person decides"),
    (replace(QUIET, side=Side.ANALYST, first_day=True), {C.FIRST_DAY}, "an account made this hour waits"),
    (replace(QUIET, untold=20), {C.UNTOLD}, "nobody who could stop it can be told"),
    (replace(WHOLE, untold=20), {C.UNTOLD}, "nor of a report with a second factor"),
    (replace(QUIET, stopped=True), {C.STOPPED}, "somebody has stopped this person"),
    (replace(QUIET, side=Side.ANALYST, stopped=True), {C.STOPPED}, "or this analyst"),
    (replace(QUIET, first_day=True), set(), "a brand's new user has a wait of their own"),
    (replace(WHOLE, user=Pace(400), brand=Pace(400)), set(), "a second factor lifts the caps of a person and a brand"),
    (replace(WHOLE, seller=Pace(49)), set(), "the fiftieth listing of a seller in a report is sent"),
    (replace(WHOLE, seller=Pace(50)), {C.SELLER_SHARE}, "two organisations decide about more"),
    (replace(WHOLE, sales=Sales(200.0)), {C.HIGH_IMPACT}, "a livelihood stays with two organisations"),
    (replace(WHOLE, switched_on=False), {C.SWITCHED_OFF}, "nor against the kill switch"),
]
ALARMS: list[tuple[set[PendingCause], Side, bool, str]] = [
    (set(), Side.BRAND, False, "nothing is pending"),
    ({C.USER_BURST}, Side.BRAND, True, "the first of a person's burst"),
    ({C.BRAND_BURST, C.HIGH_IMPACT}, Side.BRAND, True, "the first of a brand's burst"),
    ({C.SELLER_SHARE, C.HIGH_IMPACT, C.SWITCHED_OFF}, Side.BRAND, False, "nothing about the brand's users"),
    ({C.USER_BURST}, Side.ANALYST, True, "the first of an analyst's burst"),
    ({C.USER_BURST, C.ANALYST_ALARM}, Side.ANALYST, False, "the analyst's alarm stands already"),
    ({C.CHOSEN, C.FIRST_DAY}, Side.ANALYST, False, "a second person was needed anyway"),
]


@pytest.mark.parametrize(("causes", "side", "begins", "why"), ALARMS)
def test_an_alarm_of_a_brand_begins(causes: set[PendingCause], side: Side, begins: bool, why: str) -> None:
    brand_holds = [PendingReason(cause, message("pending.test")) for cause in sorted(causes)]
    assert begins_alarm(brand_holds, side) is begins, why


EVERYTHING = next(removal for removal, _, why in TABLE if why == "all reasons are given")


def pending_reasons(removal: RemovalRequest, policy: BurstPolicy) -> tuple[PendingReason, ...]:
    """The holds by the usual settings of reports with a second factor."""
    return bursts.pending_reasons(removal, policy, DEFAULT_STEP_UP)


@pytest.mark.parametrize(("removal", "causes", "why"), TABLE)
def test_the_holds_of_a_removal(removal: RemovalRequest, causes: set[PendingCause], why: str) -> None:
    assert {reason.cause for reason in pending_reasons(removal, DEFAULT_BURSTS)} == causes, why


def test_the_cause_that_names_the_alert_comes_first() -> None:
    causes = [reason.cause for reason in pending_reasons(EVERYTHING, DEFAULT_BURSTS)]
    assert causes == [cause for cause in PendingCause if cause not in OTHERS]


def test_the_messages_have_the_limits_and_no_figure_of_a_seller() -> None:
    everything = replace(EVERYTHING, user=Pace(45, 30))
    assert [in_english(reason.message) for reason in pending_reasons(everything, DEFAULT_BURSTS)] == [
        "Removals on a brand's confirmation are switched off.",
        "One person has confirmed 45 removals within an hour.",
        "One brand has confirmed 40 removals within an hour.",
        "This seller's listings have reached the limit of removals without approval.",
        "The seller's sales in 90 days are high. Two organisations decide about a shop of this size.",
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
    assert (
        hourly_cap(Pace(0, busiest), DEFAULT_BURSTS.per_user, DEFAULT_BURSTS.most_per_user, DEFAULT_BURSTS) == allowed
    ), why


paces = st.builds(Pace, st.integers(0, 300), st.integers(0, 300))
policies = st.builds(
    BurstPolicy, per_user=st.integers(0, 50), per_brand=st.integers(0, 50), per_seller=st.integers(0, 50)
)


@given(paces, paces, paces, policies, st.sampled_from(Side))
def test_one_more_sent_removal_never_ends_a_hold(
    user: Pace, brand: Pace, seller: Pace, policy: BurstPolicy, side: Side
) -> None:
    removal = RemovalRequest(side, user, brand, seller, Sales(), switched_on=True)
    before = {reason.cause for reason in pending_reasons(removal, policy)}
    one_more = [replace(pace, last_hour=pace.last_hour + 1) for pace in (user, brand, seller)]
    for more in (
        replace(removal, user=one_more[0]),
        replace(removal, brand=one_more[1]),
        replace(removal, seller=one_more[2]),
    ):
        assert before <= {reason.cause for reason in pending_reasons(more, policy)}


@given(st.integers(0, 600), policies, st.integers(0, 300))
def test_continuous_confirmations_send_at_most_the_cap(confirmations: int, policy: BurstPolicy, past: int) -> None:
    through = 0
    for _ in range(confirmations):
        removal = RemovalRequest(
            Side.BRAND, Pace(through, past), Pace(through, past), Pace(through), Sales(), switched_on=True
        )
        through += not pending_reasons(removal, policy)
    limits = (
        hourly_cap(Pace(0, past), policy.per_user, policy.most_per_user, policy),
        hourly_cap(Pace(0, past), policy.per_brand, policy.most_per_brand, policy),
        policy.per_seller,
    )
    assert through == min(confirmations, *limits)


def test_each_cause_holds_a_removal_independently() -> None:
    parts = {
        C.USER_BURST: {"user": Pace(20)},
        C.BRAND_BURST: {"brand": Pace(40)},
        C.SELLER_SHARE: {"seller": Pace(10)},
        C.HIGH_IMPACT: {"sales": Sales(300.0)},
        C.SWITCHED_OFF: {"switched_on": False},
    }
    for causes in itertools.chain.from_iterable(itertools.combinations(parts, n) for n in range(len(parts) + 1)):
        removal = QUIET
        for cause in causes:
            removal = replace(removal, **parts[cause])  # type: ignore[arg-type]  # a field's own value
        assert {reason.cause for reason in pending_reasons(removal, DEFAULT_BURSTS)} == set(causes)


@pytest.mark.parametrize(
    ("sales", "code", "why"),
    [
        (Sales(12, 200, 5_000), "pending.high_impact_12m", "both figures of the Act"),
        (Sales(12, 199, 90_000), None, "few and dear"),
        (Sales(12, 90_000, 4_999.99), None, "many and cheap"),
        (Sales(None, 200, 5_000), "pending.high_impact_12m", "the sales of 90 days are not needed"),
        (
            Sales(250, 199, 5_000),
            "pending.high_impact_12m",
            "at least as many were sold in twelve months as in 90 days",
        ),
        (Sales(250, 0, 0), None, "zero is a figure"),
        (Sales(200, None, 90_000), "pending.high_impact", "without the number, the sales of 90 days decide"),
        (Sales(200, 900, None), "pending.high_impact", "without the turnover too"),
        (Sales(199, 900, None), None, "an unknown turnover is no high one"),
        (Sales(199, None, 90_000), None, "an unknown number is no high one"),
        (Sales(None, 900, None), None, "one figure of the Act is not enough"),
        (Sales(), None, "nothing is known"),
    ],
)
def test_a_seller_of_high_impact(sales: Sales, code: str | None, why: str) -> None:
    reason = high_impact_reason(sales, DEFAULT_BURSTS)
    assert (None if reason is None else reason.code) == code, why


def test_a_cap_says_how_many_are_left_and_when_the_next_is_free() -> None:
    oldest = datetime(2026, 3, 2, 9, 10, tzinfo=UTC)
    limits = hourly_caps(replace(QUIET, user=Pace(15, oldest=oldest)), DEFAULT_BURSTS, DEFAULT_STEP_UP)
    assert limits.user == Cap(20, 15, datetime(2026, 3, 2, 10, 10, tzinfo=UTC))
    assert limits.user is not None
    assert limits.user.remaining == 5
    assert Cap(20, 31).remaining == 0


all_asked = st.builds(
    RemovalRequest,
    st.sampled_from(Side),
    paces,
    st.none() | paces,
    st.none() | paces,
    st.just(Sales()),
    switched_on=st.booleans(),
    stepped_up=st.booleans(),
)


@given(all_asked)
def test_a_removal_is_on_hold_for_a_limit_exactly_where_none_is_left_of_it(removal: RemovalRequest) -> None:
    limits, causes = (
        hourly_caps(removal, DEFAULT_BURSTS, DEFAULT_STEP_UP),
        {reason.cause for reason in pending_reasons(removal, DEFAULT_BURSTS)},
    )
    assert (C.USER_BURST in causes) == (limits.user is not None and limits.user.remaining == 0)
    assert (C.BRAND_BURST in causes) == (limits.brand is not None and limits.brand.remaining == 0)
    assert (C.SELLER_SHARE in causes) == (limits.seller is not None and limits.seller.remaining == 0)
