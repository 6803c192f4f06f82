import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import Invalid
from serving.composition import open_runtime
from serving.platform.clock import SimulatedClock, SystemClock
from serving.platform.deadlines import BusinessCalendar, after_business_days, after_days, after_months, days_that_count
from serving.platform.runtime import Runtime
from serving.platform.settings import ClockKind, Settings
from tests.fixtures.runtimes import PopulatedDatabase, copy_on_sqlite

START = datetime(2025, 6, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


def test_the_systems_clock_tells_the_present_in_utc() -> None:
    before = datetime.now(UTC)
    moment = SystemClock().now()
    assert before <= moment <= datetime.now(UTC)
    assert moment.utcoffset() == timedelta(0)


def test_a_simulated_clock_is_the_machines_and_its_offset() -> None:
    assert datetime.now(UTC) + 90 * A_DAY <= SimulatedClock(90 * A_DAY).now() <= datetime.now(UTC) + 90 * A_DAY


def test_moving_it_forward_arrives_at_the_moment_and_goes_on_from_there() -> None:
    clock = SimulatedClock(timedelta(0))
    arrival = clock.now() + 30 * A_DAY
    assert clock.forward_to(arrival) == clock.offset
    first, second = clock.now(), clock.now()
    assert arrival <= first <= second < arrival + A_DAY


@pytest.mark.parametrize("back", [timedelta(0), timedelta(seconds=1), 400 * A_DAY])
def test_it_never_goes_back(back: timedelta) -> None:
    clock = SimulatedClock(5 * A_DAY)
    before = clock.now()
    assert clock.forward_to(before - back) == 5 * A_DAY
    assert clock.now() >= before


def test_a_clock_that_stands_still_tells_nothing_but_its_moves() -> None:
    clock = SimulatedClock(timedelta(0), stands_at=START)
    assert (clock.now(), clock.now()) == (START, START)
    offset = clock.forward_to(START + A_DAY)
    assert (clock.now(), clock.forward_to(START) - offset < A_DAY) == (START + A_DAY, True)
    assert clock.now() == START + A_DAY
    assert START + A_DAY <= SimulatedClock(clock.offset).now() < START + 2 * A_DAY, "the next process goes on from it"


def reopen(folder: Path, **changes: object) -> Runtime:
    settings = Settings(home=folder / "home", **changes)  # type: ignore[arg-type]  # each test names real settings
    return open_runtime(settings, migrated=True)


@pytest.fixture
def simulated_home(tmp_path: Path, migrated_sqlite: Path) -> Path:
    """A data directory whose simulated clock began at START."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "touchstone.sqlite").write_bytes(migrated_sqlite.read_bytes())
    reopen(tmp_path, clock=ClockKind.SIMULATED, clock_start=START).close()
    return tmp_path


def test_a_home_keeps_its_simulated_time_when_the_process_ends(simulated_home: Path) -> None:
    runtime = reopen(simulated_home, clock_start=START - 90 * A_DAY)
    try:
        assert START <= runtime.clock.now() < START + A_DAY
        assert runtime.clock.simulated
        assert not runtime.wall.simulated
    finally:
        runtime.close()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"clock": ClockKind.SYSTEM}, "cannot be mixed with real ones"),
        ({"production": True}, "Production mode refuses a simulated clock"),
    ],
)
def test_a_simulated_home_is_never_opened_as_a_real_one(
    simulated_home: Path, changes: dict[str, object], sentence: str
) -> None:
    with pytest.raises(Invalid, match=sentence):
        reopen(simulated_home, **changes)


def test_a_home_with_real_times_is_never_simulated(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    with copy_on_sqlite(tmp_path, populated_sqlite):
        pass
    with pytest.raises(Invalid, match="cannot be mixed with simulated ones"):
        reopen(tmp_path, clock=ClockKind.SIMULATED)


def ids_and_draws(folder: Path, **changes: object) -> tuple[list[object], bytes]:
    """What a new process draws on a data directory, with the one key that it made."""
    runtime = reopen(folder, **changes)
    try:
        drawn = [*(runtime.ids.new("lst")[-16:] for _ in range(3)), *(runtime.draw() for _ in range(3))]
        return drawn, runtime.contact_key
    finally:
        runtime.close()


def test_a_seed_fixes_ids_and_draws_and_no_key(simulated_home: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(simulated_home, other, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.key"))
    (first, key), (again, another_key) = (ids_and_draws(folder, seed=3) for folder in (simulated_home, other))
    assert first == again
    assert key != another_key
    assert ids_and_draws(simulated_home, seed=4)[0] != first
    assert ids_and_draws(simulated_home)[0] != ids_and_draws(simulated_home)[0]


def test_a_new_home_with_a_seed_begins_at_its_moment_and_stands_there(tmp_path: Path, migrated_sqlite: Path) -> None:
    (tmp_path / "home").mkdir()
    shutil.copy(migrated_sqlite, tmp_path / "home" / "touchstone.sqlite")
    runtime = reopen(tmp_path, clock=ClockKind.SIMULATED, clock_start=START, seed=3)
    assert (runtime.clock.now(), runtime.clock.now()) == (START, START)
    runtime.close()


def test_a_seed_on_the_real_clock_is_refused(tmp_path: Path, populated_sqlite: PopulatedDatabase) -> None:
    with copy_on_sqlite(tmp_path, populated_sqlite):
        pass
    with pytest.raises(Invalid, match="TOUCHSTONE_SEED needs a simulated clock"):
        reopen(tmp_path, seed=3)


GERMANY = BusinessCalendar("DE", holidays=frozenset({date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1)}))
EMIRATES = BusinessCalendar("AE", weekend=frozenset({4, 5}))  # A weekend of Friday and Saturday.


def noon(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "calendar", "ends", "why"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 3, 6), "Monday: Tuesday to Thursday, everywhere"),
        (datetime(2026, 3, 5, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 3, 11), "a weekend is between"),
        (datetime(2026, 4, 1, 9, tzinfo=UTC), 3, GERMANY, noon(2026, 4, 9), "Good Friday and Easter Monday are free"),
        (datetime(2026, 3, 4, 9, tzinfo=UTC), 3, EMIRATES, noon(2026, 3, 10), "Friday and Saturday are free there"),
        (datetime(2026, 3, 2, 10, tzinfo=UTC), 1, GERMANY, noon(2026, 3, 5), "on Kiritimati it is Tuesday already"),
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 0, GERMANY, noon(2026, 3, 3), "no days: the end of today"),
    ],
)
def test_the_end_of_business_days(
    start: datetime, days: int, calendar: BusinessCalendar, ends: datetime, why: str
) -> None:
    assert after_business_days(start, days, calendar) == ends, why


@settings(deadline=None)
@given(minutes=st.integers(0, 15 * 366 * 24 * 60), days=st.integers(1, 30), offset_hours=st.integers(-12, 14))
def test_nobody_anywhere_has_fewer_whole_business_days_than_promised(
    minutes: int, days: int, offset_hours: int
) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ends = after_business_days(start, days, GERMANY)
    local, last = start + timedelta(hours=offset_hours), ends + timedelta(hours=offset_hours)
    whole = 0
    day = local.date() + timedelta(days=1)
    while datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) <= last:
        whole += GERMANY.works(day)
        day += timedelta(days=1)
    assert whole >= days


@pytest.mark.parametrize(
    ("start", "months", "ends", "why"),
    [
        (datetime(2026, 3, 2, 9, tzinfo=UTC), 6, noon(2026, 9, 3), "the same day six months later, to its end"),
        (datetime(2026, 8, 31, 9, tzinfo=UTC), 6, noon(2027, 3, 1), "February has no 31st: its last day"),
        (datetime(2026, 12, 31, 9, tzinfo=UTC), 6, noon(2027, 7, 1), "over the new year"),
    ],
)
def test_the_end_of_months(start: datetime, months: int, ends: datetime, why: str) -> None:
    assert after_months(start, months) == ends, why


def test_days_that_are_no_business_days_count_weekends() -> None:
    assert after_days(datetime(2026, 3, 2, 9, tzinfo=UTC), 15) == noon(2026, 3, 18)


@settings(deadline=None)
@given(
    minutes=st.integers(0, 15 * 366 * 24 * 60), days=st.integers(0, 30), calendar=st.sampled_from([GERMANY, EMIRATES])
)
def test_as_many_days_count_as_the_deadline_was_made_from(minutes: int, days: int, calendar: BusinessCalendar) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    working_days = days_that_count(start, after_business_days(start, days, calendar), calendar)
    assert len(working_days) == days
    assert all(calendar.works(day) for day in working_days)
    assert sorted(set(working_days)) == list(working_days)
