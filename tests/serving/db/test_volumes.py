from datetime import UTC, datetime, timedelta

from models.case import CaseLane
from models.routing import Lane
from serving.db import volumes
from serving.db.queue_ages import queue_ages
from tests.fixtures.reviewing import a_case
from tests.fixtures.runtimes import Site
from tests.serving.web.operating import scored

HOUR = datetime(2026, 2, 27, 9, tzinfo=UTC)


def test_scores_are_counted_by_lane_and_hour_or_day_on_both_engines(any_site: Site) -> None:
    scored(any_site, Lane.ANALYST, HOUR + timedelta(minutes=59, seconds=59, microseconds=999_999), 2)
    scored(any_site, Lane.RELEASE, HOUR)
    scored(any_site, Lane.ANALYST, HOUR + timedelta(hours=1))
    scored(any_site, Lane.AUDIT, HOUR - timedelta(seconds=1))
    until = HOUR + timedelta(hours=1)
    with any_site.runtime.store.read() as connection:
        hourly = volumes.by_lane(connection, any_site.here, since=HOUR, until=until, hourly=True)
        daily = volumes.by_lane(
            connection, any_site.here, since=HOUR - timedelta(days=1), until=until + timedelta(days=1), hourly=False
        )
    assert hourly == {(HOUR, Lane.ANALYST): 2, (HOUR, Lane.RELEASE): 1}
    midnight = HOUR.replace(hour=0)
    assert daily == {(midnight, Lane.ANALYST): 3, (midnight, Lane.RELEASE): 1, (midnight, Lane.AUDIT): 1}


def test_another_marketplaces_scores_are_not_counted(site: Site) -> None:
    scored(site, Lane.ANALYST, HOUR)
    with site.runtime.store.read() as connection:
        found = volumes.by_lane(connection, "mkt_other", since=HOUR, until=HOUR + timedelta(hours=1), hourly=True)
    assert found == {}


def test_the_age_of_a_queue_is_that_of_its_open_cases(any_site: Site) -> None:
    opened = []
    for number in range(5):
        opened.append(a_case(any_site, external_id=f"MP-{number}", title=f"Aure11e tote 1:1 lot {number}").opened_at)
        any_site.clock.forward(hours=6)
    with any_site.runtime.store.read() as connection:
        found = queue_ages(connection, any_site.here, any_site.clock.now())
    assert set(found) == {CaseLane.ANALYST}
    age = found[CaseLane.ANALYST]
    assert (age.number, age.oldest, age.long_waiting) == (5, opened[0], opened[1])
    assert (age.middle, age.short_waiting) == (opened[2], opened[3])
    assert age.late == 2  # 30 and 24 hours ago, of 24.
