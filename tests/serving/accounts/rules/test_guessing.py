"""The counter of attempts, against a count of every attempt in every hour."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.accounts.policy import DEFAULT_GUESSING, DEFAULT_SECOND_FACTORS, DEFAULT_SECRETS, Allowance
from serving.accounts.rules.access import OwnedSecret, SecretKind, must_end
from serving.accounts.rules.passwords import counter_after_attempt, counter_without_attempt, wait_before_attempt

NOW = datetime(2026, 3, 6, 12, tzinfo=UTC)
TEN = Allowance(burst=10, an_hour=10)


def attempts(allowance: Allowance, moments: list[datetime]) -> list[datetime]:
    """The attempts that are allowed."""
    spent, allowed = None, []
    for moment in moments:
        if wait_before_attempt(spent, moment, allowance) is None:
            spent = counter_after_attempt(spent, moment, allowance)
            allowed.append(moment)
    return allowed


def test_a_burst_passes_and_then_one_each_six_minutes() -> None:
    assert len(attempts(TEN, [NOW] * 400)) == 10
    every_second = [NOW + timedelta(seconds=second) for second in range(3_600)]
    assert len(attempts(TEN, every_second)) == 19


def test_the_wait_is_exactly_until_the_next_one_is_allowed() -> None:
    spent = None
    for _ in range(10):
        assert wait_before_attempt(spent, NOW, TEN) is None
        spent = counter_after_attempt(spent, NOW, TEN)
    wait = wait_before_attempt(spent, NOW, TEN)
    assert wait == timedelta(minutes=6)
    assert wait_before_attempt(spent, NOW + wait - timedelta(microseconds=1), TEN) == timedelta(microseconds=1)
    assert wait_before_attempt(spent, NOW + wait, TEN) is None


ALLOWANCES = st.builds(Allowance, burst=st.integers(1, 20), an_hour=st.integers(1, 60))


@given(ALLOWANCES, st.lists(st.integers(0, 7_200), min_size=1, max_size=300))
def test_within_any_hour_no_more_than_a_burst_and_an_hours_worth_pass(allowance: Allowance, seconds: list[int]) -> None:
    allowed = attempts(allowance, [NOW + timedelta(seconds=second) for second in sorted(seconds)])
    for start in allowed:
        inside = [moment for moment in allowed if start <= moment < start + timedelta(hours=1)]
        assert len(inside) <= allowance.burst + allowance.an_hour


@given(ALLOWANCES, st.lists(st.booleans(), max_size=60))
def test_attempts_that_are_given_back_were_none(allowance: Allowance, right: list[bool]) -> None:
    with_them = without = None
    for each in right:
        if each:
            with_them = counter_without_attempt(counter_after_attempt(with_them, NOW, allowance), allowance)
        else:
            with_them, without = (
                counter_after_attempt(with_them, NOW, allowance),
                counter_after_attempt(without, NOW, allowance),
            )
    assert (with_them or NOW) == (without or NOW)


@pytest.mark.parametrize(("name", "most"), [("account", 20), ("device", 20), ("account_and_address", 13)])
def test_an_account_is_guessed_at_most_so_often_in_an_hour(name: str, most: int) -> None:
    allowance: Allowance = getattr(DEFAULT_GUESSING, name)
    assert allowance.burst + allowance.an_hour == most


def test_somebody_with_the_password_tries_so_few_codes_that_a_day_succeeds_once_in_5700() -> None:
    codes = DEFAULT_GUESSING.codes
    tried = len(attempts(codes, [NOW + timedelta(minutes=minute) for minute in range(24 * 60) for _ in range(11)]))
    assert tried <= codes.burst + 24 * codes.an_hour
    right_at_a_time = 2 * DEFAULT_SECOND_FACTORS.drift_steps + 1
    assert 1 / (tried * right_at_a_time / 1_000_000) >= 5_700


def test_one_address_leaves_the_owner_a_part_of_the_accounts_own_counter() -> None:
    pair, account = DEFAULT_GUESSING.account_and_address, DEFAULT_GUESSING.account
    assert pair.burst < account.burst
    assert pair.an_hour < account.an_hour


OWNED_SECRETS_NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
TABLE = [
    (SecretKind.SERVICE_ACCOUNT, 0, None, False, "it is the brand's, and paused without two people"),
    (SecretKind.SERVICE_ACCOUNT, 0, (), False, "its person has removed the tick"),
    (SecretKind.SERVICE_ACCOUNT, 300, ("own",), True, "its person has ticked it"),
    (SecretKind.KEY, 7, None, True, "a thief made it within the last seven days"),
    (SecretKind.KEY, 7.01, None, False, "systems use it; an administrator is asked"),
    (SecretKind.ENDPOINT, 8, None, False, "deliveries go on until somebody decides"),
    (SecretKind.KEY, 0, (), False, "its owner has removed the tick"),
    (SecretKind.KEY, 300, ("own",), True, "its owner has ticked it"),
]


@pytest.mark.parametrize(("kind", "days", "chosen", "ends", "_why"), TABLE)
def test_what_ends_with_the_access_of_its_maker(
    kind: SecretKind, days: float, chosen: Collection[str] | None, ends: bool, _why: str
) -> None:
    secret = OwnedSecret("own", kind, "Feed", "mkt_1", OWNED_SECRETS_NOW - timedelta(days=days))
    assert must_end(secret, OWNED_SECRETS_NOW, DEFAULT_SECRETS, chosen) is ends
