from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.message import message
from models.policies.sellers import DEFAULT_SANCTIONS, DEFAULT_STRIKES
from models.strikes import Hit, Void, count, strikes, total_of, weight_of
from models.verdict import Judgement, ReasonCode
from tests.fixtures.clocks import NOW

INCIDENTS = [
    ((), 0, "none"),
    ((10,), 1, "one"),
    ((10, 10, 10), 1, "three at once"),
    ((10, 7), 1, "three days apart"),
    ((10, 6.9), 2, "more than three days apart"),
    ((10, 8, 6), 2, "each two days after the last: the third lies outside the first one's days"),
    ((8, 10), 1, "in any order"),
    ((364, 10), 2, "within a year"),
    ((366, 10), 1, "the first is spent"),
]
FAKE, MISUSE, DESIGN = ReasonCode.TRADEMARK_COUNTERFEIT, ReasonCode.MARK_MISUSE, ReasonCode.DESIGN


def a_hit(days_ago: float, kind: ReasonCode = FAKE, *, void: Void | None = None) -> Hit:
    weight = weight_of(Judgement.COUNTERFEIT, kind, DEFAULT_SANCTIONS)
    return Hit(f"act_{days_ago}_{kind}", kind, weight, NOW - timedelta(days=days_ago), void)


@pytest.mark.parametrize(("days_ago", "expected", "_why"), INCIDENTS)
def test_confirmations_make_incidents(days_ago: tuple[float, ...], expected: int, _why: str) -> None:
    at = [NOW - timedelta(days=days) for days in days_ago]
    assert strikes(at, as_of=NOW, policy=DEFAULT_STRIKES) == expected
    # Of one kind and whole weight, what counts for a sanction is the same number.
    assert count([a_hit(days) for days in days_ago], as_of=NOW, policy=DEFAULT_STRIKES).total == expected


WEIGHTS = [
    (Judgement.COUNTERFEIT, FAKE, 1.0, "goods that are not their mark's"),
    (Judgement.COUNTERFEIT, MISUSE, 0.5, "a mark in a listing of goods that may be genuine"),
    (Judgement.COUNTERFEIT, ReasonCode.COPYRIGHT, 0.5, "borrowed pictures"),
    (Judgement.COUNTERFEIT, DESIGN, 0.0, "a dispute about a design"),
    (Judgement.COUNTERFEIT, ReasonCode.NOT_AS_DESCRIBED, 0.0, "a promise to the buyer"),
    *[(one, FAKE, 0.0, f"{one.value} accuses nobody") for one in Judgement if one is not Judgement.COUNTERFEIT],
]


@pytest.mark.parametrize(("judgement", "kind", "expected", "_why"), WEIGHTS)
def test_a_removal_weighs(judgement: Judgement, kind: ReasonCode, expected: float, _why: str) -> None:
    assert weight_of(judgement, kind, DEFAULT_SANCTIONS) == expected


COUNTS = [
    ([a_hit(10, MISUSE)], 0.5, "half a strike for a misused mark"),
    ([a_hit(10), a_hit(9, MISUSE)], 1.5, "two kinds within days are two incidents"),
    ([a_hit(10, MISUSE), a_hit(9, MISUSE)], 0.5, "two of the lighter kind are one"),
    ([a_hit(10), replace(a_hit(9), weight=0.5)], 1.0, "the heaviest of an incident"),
    ([a_hit(10, DESIGN), a_hit(30, DESIGN)], 0.0, "disputes about designs"),
    ([a_hit(10), a_hit(20, void=Void.OVERTURNED)], 1.0, "one was overturned"),
    ([a_hit(10, void=Void.OVERTURNED), a_hit(9)], 1.0, "the other of the incident still counts"),
    ([a_hit(365)], 0.0, "a year to the second is spent"),
    ([a_hit(-1)], 0.0, "what is found tomorrow is not known today"),
    ([a_hit(10), a_hit(100), a_hit(200)], 3.0, "three incidents"),
]


@pytest.mark.parametrize(("hits", "expected", "_why"), COUNTS)
def test_what_counts_is(hits: list[Hit], expected: float, _why: str) -> None:
    assert count(hits, as_of=NOW, policy=DEFAULT_STRIKES).total == expected


def test_the_count_says_what_counts_and_what_does_not() -> None:
    hits = [a_hit(400), a_hit(100), a_hit(99), a_hit(10, void=Void.OVERTURNED), a_hit(5, DESIGN), a_hit(4, MISUSE)]
    found = count(hits, as_of=NOW, policy=DEFAULT_STRIKES)
    assert found.reasons == (
        message("strikes.count", strikes=total_of(1.5), removals=message("strikes.removals", n=3), n=2),
        message("strikes.spent", n=1, days=365),
        message("strikes.void", n=1, days=365),
        message("strikes.light", n=1, days=365),
    )
    first, second = found.incidents
    assert (first.began_at, first.spent_at) == (NOW - timedelta(days=100), NOW + timedelta(days=266))
    assert [len(one.hits) for one in (first, second)] == [2, 1]
    assert count([], as_of=NOW, policy=DEFAULT_STRIKES).reasons == (message("strikes.none"),)


HITS = st.lists(st.tuples(st.floats(0, 400), st.sampled_from(ReasonCode)), max_size=12)


@given(HITS, st.integers(0, 11), st.floats(0, 500))
def test_nothing_that_is_taken_away_or_grows_old_makes_the_rest_count_for_more(
    found: list[tuple[float, ReasonCode]], left_out: int, later: float
) -> None:
    hits = [a_hit(days, kind) for days, kind in found]

    def total(some: list[Hit], as_of: datetime = NOW) -> float:
        return count(some, as_of=as_of, policy=DEFAULT_STRIKES).total

    assert total(hits[:left_out] + hits[left_out + 1 :]) <= total(hits)
    assert total(hits, NOW + timedelta(days=later)) <= total(hits)
