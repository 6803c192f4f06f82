"""Every state x event x party, then the effect of silence and of the last round under each profile."""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DeadlinePassed, DomainError, Invalid
from serving.appeals.policy import (
    ALIBABA_LIKE,
    CHINA_ARTICLE_43,
    DMCA_LIKE,
    DSA,
    MERCADO_LIBRE_LIKE,
    PROFILES,
    CounterNoticePolicy,
)
from serving.appeals.rules.counter_notice import (
    CLOSED,
    WHO,
    CounterNoticeEvent,
    CounterNoticeState,
    CounterNoticeTurn,
    Party,
    Step,
    apply_event,
    first_turn,
)
from serving.platform.deadlines import BusinessCalendar

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)  # A Monday.
CALENDAR = BusinessCalendar("DE", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6)}))
DUE = NOW + timedelta(days=5)
S, E, P = CounterNoticeState, CounterNoticeEvent, Party

# (state, event) by the party of the event; every other combination is refused as a conflict.
ALLOWED: Final = {
    (S.WITH_SELLER, E.SUBMIT): S.WITH_RIGHTS_HOLDER,
    (S.WITH_SELLER, E.WITHDRAW): S.WITHDRAWN,
    (S.WITH_SELLER, E.APPEAL): S.WITH_REVIEWER,
    (S.WITH_SELLER, E.CONCEDE): S.UPHELD,
    (S.WITH_RIGHTS_HOLDER, E.WITHDRAW): S.WITHDRAWN,
    (S.WITH_RIGHTS_HOLDER, E.APPEAL): S.WITH_REVIEWER,
    (S.WITH_RIGHTS_HOLDER, E.CONCEDE): S.UPHELD,
    (S.WITH_RIGHTS_HOLDER, E.MAINTAIN): S.WITH_SELLER,
    (S.WITH_RIGHTS_HOLDER, E.GO_TO_COURT): S.WITH_COURT,
    (S.WITH_REVIEWER, E.UPHOLD): S.UPHELD,
    (S.WITH_REVIEWER, E.DISMISS): S.DISMISSED,
    (S.WITH_COURT, E.WITHDRAW): S.WITHDRAWN,
    (S.WITH_COURT, E.APPEAL): S.WITH_REVIEWER,
    (S.WITH_COURT, E.CONCEDE): S.UPHELD,
    (S.UPHELD, E.REOPEN): S.WITH_REVIEWER,
    (S.DISMISSED, E.REOPEN): S.WITH_REVIEWER,
    (S.LAPSED, E.APPEAL): S.WITH_REVIEWER,
    (S.WITHDRAWN, E.APPEAL): S.WITH_REVIEWER,
}
# Before the deadline the clock has no effect; in a state without a deadline it never has one.
EARLY: Final = {(S.WITH_SELLER, E.PASS_DEADLINE), (S.WITH_RIGHTS_HOLDER, E.PASS_DEADLINE)}


def take(
    before: CounterNoticeTurn,
    event: CounterNoticeEvent,
    *,
    party: Party | None = None,
    at: datetime = NOW,
    policy: CounterNoticePolicy = ALIBABA_LIKE,
) -> Step:
    return apply_event(before, event, party or WHO[event], at=at, policy=policy, calendar=CALENDAR)


def outcome(before: CounterNoticeTurn, event: CounterNoticeEvent, party: Party, at: datetime = NOW) -> str:
    try:
        return take(before, event, party=party, at=at).turn.state.value
    except DomainError as refused:
        return refused.code


def expected_of(state: CounterNoticeState, event: CounterNoticeEvent, party: Party) -> str:
    if party is not WHO[event]:
        return "forbidden"
    return "invalid" if (state, event) in EARLY else ALLOWED.get((state, event), "conflict")


def test_each_state_event_and_party_is_allowed_or_refused_with_a_code() -> None:
    other = {}
    for state, event, party in product(S, E, P):
        waits = state in {S.WITH_SELLER, S.WITH_RIGHTS_HOLDER}
        effect = outcome(CounterNoticeTurn(state, 1, DUE if waits else None), event, party)
        if effect != expected_of(state, event, party):
            other[state, event, party] = effect
    assert other == {}


@pytest.mark.parametrize(
    ("state", "event", "expected", "why"),
    [
        (S.WITH_SELLER, E.SUBMIT, "too_late", "the sweep may not have run yet; the deadline has"),
        (S.WITH_RIGHTS_HOLDER, E.MAINTAIN, "too_late", "its silence has ended the matter"),
        (S.WITH_RIGHTS_HOLDER, E.GO_TO_COURT, "too_late", "the court is no way around the deadline"),
        (S.WITH_RIGHTS_HOLDER, E.CONCEDE, "upheld", "giving way is never too late"),
        (S.WITH_SELLER, E.APPEAL, "with_reviewer", "the appeal has six months of its own"),
        (S.WITH_SELLER, E.PASS_DEADLINE, "lapsed", "a silent seller leaves the removal as it is"),
        (S.WITH_RIGHTS_HOLDER, E.PASS_DEADLINE, "upheld", "a silent rights holder does not keep a listing down"),
    ],
)
def test_what_can_still_happen_once_the_deadline_has_passed(
    state: CounterNoticeState, event: CounterNoticeEvent, expected: str, why: str
) -> None:
    assert outcome(CounterNoticeTurn(state, 1, DUE), event, WHO[event], DUE) == expected, why


def test_every_refusal_says_what_the_matter_waits_for() -> None:
    with pytest.raises(DomainError, match="awaits the rights holder's answer"):
        take(CounterNoticeTurn(S.WITH_RIGHTS_HOLDER, 1, DUE), E.SUBMIT)


def test_after_the_third_round_a_person_decides() -> None:
    standing = first_turn(NOW, ALIBABA_LIKE, CALENDAR)
    rounds = []
    for _ in range(3):
        standing = take(standing, E.SUBMIT).turn
        standing = take(standing, E.MAINTAIN).turn
        rounds.append((standing.state, standing.round))
    assert rounds == [(S.WITH_SELLER, 2), (S.WITH_SELLER, 3), (S.WITH_REVIEWER, 3)]


@pytest.mark.parametrize(
    ("policy", "seller_due", "holder_due", "why"),
    [
        (ALIBABA_LIKE, datetime(2026, 3, 6, 12, tzinfo=UTC), datetime(2026, 3, 7, 12, tzinfo=UTC), "3, then 4 days"),
        (MERCADO_LIBRE_LIKE, datetime(2026, 3, 7, 12, tzinfo=UTC), datetime(2026, 3, 7, 12, tzinfo=UTC), "4 and 4"),
        (DMCA_LIKE, None, datetime(2026, 3, 17, 12, tzinfo=UTC), "10 business days, from 17 U.S.C. § 512(g)"),
        (CHINA_ARTICLE_43, None, datetime(2026, 3, 18, 12, tzinfo=UTC), "15 days, weekends among them"),
        (DSA, None, None, "the complaint is the platform's, and open for six months"),
    ],
)
def test_the_deadlines_of_each_profile(
    policy: CounterNoticePolicy, seller_due: datetime | None, holder_due: datetime | None, why: str
) -> None:
    first = first_turn(NOW, policy, CALENDAR)
    assert first.due_at == seller_due, why
    assert take(first, E.SUBMIT, policy=policy).turn.due_at == holder_due, why


def test_later_rounds_have_seven_business_days_for_either_side() -> None:
    second = take(take(first_turn(NOW, ALIBABA_LIKE, CALENDAR), E.SUBMIT).turn, E.MAINTAIN).turn
    seven = datetime(2026, 3, 12, 12, tzinfo=UTC)
    assert (second.due_at, take(second, E.SUBMIT).turn.due_at) == (seven, seven)


@pytest.mark.parametrize(
    ("policy", "state", "why"),
    [
        (ALIBABA_LIKE, S.WITH_SELLER, "the seller may answer again"),
        (MERCADO_LIBRE_LIKE, S.WITH_REVIEWER, "one round, then a person"),
        (DMCA_LIKE, None, "reasons do not outlive a counter-notice there"),
        (CHINA_ARTICLE_43, None, "nor there: it takes a complaint to the authority or a lawsuit"),
    ],
)
def test_what_maintaining_by_reasons_does(
    policy: CounterNoticePolicy, state: CounterNoticeState | None, why: str
) -> None:
    standing = take(first_turn(NOW, policy, CALENDAR), E.SUBMIT, policy=policy).turn
    if state is None:
        with pytest.raises(Invalid, match="gone to court"):
            take(standing, E.MAINTAIN, policy=policy)
        assert take(standing, E.GO_TO_COURT, policy=policy).turn.state is S.WITH_COURT, why
    else:
        assert take(standing, E.MAINTAIN, policy=policy).turn.state is state, why


def test_under_the_dsa_a_person_of_the_marketplace_decides_at_once() -> None:
    assert take(first_turn(NOW, DSA, CALENDAR), E.SUBMIT, policy=DSA).turn == CounterNoticeTurn(
        S.WITH_REVIEWER, 1, None
    )


@pytest.mark.parametrize(("before", "event"), ALLOWED)
def test_an_event_undoes_the_removal_if_it_upholds_the_counter_notice(
    before: CounterNoticeState, event: CounterNoticeEvent
) -> None:
    effect = take(CounterNoticeTurn(before, 1, DUE), event)
    assert effect.overturns is (effect.turn.state is S.UPHELD)


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(
    policy=st.sampled_from(list(PROFILES.values())),
    moves=st.lists(st.tuples(st.sampled_from(E), st.sampled_from(P), st.integers(0, 30)), max_size=30),
)
def test_no_string_of_events_leaves_the_rules(
    policy: CounterNoticePolicy, moves: list[tuple[CounterNoticeEvent, Party, int]]
) -> None:
    standing, now = first_turn(NOW, policy, CALENDAR), NOW
    for event, party, days in moves:
        now += timedelta(days=days)
        try:
            following = apply_event(standing, event, party, at=now, policy=policy, calendar=CALENDAR)
        except DeadlinePassed:
            assert standing.due_at is not None
            assert standing.due_at <= now
            continue
        except DomainError:
            continue
        standing = following.turn
        assert following.overturns is (standing.state is S.UPHELD)
        assert 1 <= standing.round <= policy.most_rounds
        assert standing.due_at is None or standing.due_at > now
        assert standing.due_at is None or standing.state not in CLOSED
