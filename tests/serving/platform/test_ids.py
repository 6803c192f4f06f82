import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.platform.ids import IdSource, bits_of, digits_of
from tests.fixtures.clocks import NOW, TestClock

FORM = re.compile(r"lst_[0-9a-hjkmnp-tv-z]{26}\Z")
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def value_of(identifier: str) -> int:
    """The number of the digits, computed digit by digit."""
    total = 0
    for digit in identifier.partition("_")[2]:
        total = total * 32 + _DIGITS.index(digit)
    return total


def test_an_id_says_what_it_names_and_fits_the_column() -> None:
    identifier = IdSource(TestClock()).new("lst")
    assert FORM.match(identifier)
    assert len(identifier) <= 40


def test_an_id_holds_its_millisecond_and_eighty_random_bits() -> None:
    clock = TestClock(datetime(2026, 3, 2, 9, 0, 0, 123_000, tzinfo=UTC))
    number = value_of(IdSource(clock, random_bits=lambda bits: 2**bits - 1).new("lst"))
    assert number >> 80 == 1_772_442_000_123  # 2026-03-02T09:00:00.123Z in milliseconds, by `date +%s%3N`.
    assert number & (2**80 - 1) == 2**80 - 1


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(0, 2**80 - 1)), min_size=2, max_size=50))
def test_ids_rise_and_never_repeat_whatever_clock_and_chance_do(steps: list[tuple[int, int]]) -> None:
    clock, bits = TestClock(), iter([drawn for _, drawn in steps])
    source = IdSource(clock, random_bits=lambda _bits: next(bits))
    ids = []
    for step, _ in steps:
        clock.forward(milliseconds=step)  # A corrected machine clock may go back.
        ids.append(source.new("lst"))
    assert ids == sorted(set(ids))


def test_the_same_chance_in_the_same_millisecond_still_gives_another_id() -> None:
    source = IdSource(TestClock(), random_bits=lambda bits: 2**bits - 1)
    assert len({source.new("lst") for _ in range(100)}) == 100


def test_threads_never_share_an_id() -> None:
    """Two threads inside at once would both take the same last value."""
    meeting, met = threading.Barrier(2), []

    def chance(_bits: int) -> int:
        with suppress(threading.BrokenBarrierError):
            met.append(meeting.wait(0.1))
        return 0

    source = IdSource(TestClock(), random_bits=chance)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: source.new("lst"), range(2))
    assert met == []
    assert first != second


def test_without_being_told_the_chance_is_the_systems() -> None:
    first, second = IdSource(TestClock()), IdSource(TestClock())
    assert first.new("lst") != second.new("lst")


@pytest.mark.parametrize("later", [timedelta(milliseconds=1), timedelta(days=3650)])
def test_ids_of_different_sources_sort_by_when_they_were_made(later: timedelta) -> None:
    early = IdSource(TestClock(), random_bits=lambda bits: 2**bits - 1).new("lst")
    assert early < IdSource(TestClock(NOW + later), random_bits=lambda _bits: 0).new("lst")


@given(st.lists(st.integers(0, 2**80 - 1), min_size=2, max_size=20))
def test_the_bytes_of_ids_are_in_their_order(chances: list[int]) -> None:
    bits = iter(chances)
    source = IdSource(TestClock(), random_bits=lambda _bits: next(bits))
    ids = [source.new("ver") for _ in chances]
    packed = [bits_of(digits_of(identifier)) for identifier in ids]
    assert [int.from_bytes(identifier, "big") for identifier in packed] == [value_of(identifier) for identifier in ids]
    assert packed == sorted(packed)
    assert bits_of("z" * 26) > packed[-1]
