from datetime import UTC, datetime, timedelta

import pytest

from models.case import CaseLane
from models.routing import Lane
from serving.cases.store.queue_positions import queue_ages
from serving.operations.store import volumes
from tests.fixtures.runtimes import Site, a_case
from tests.serving.web.visits import add_scored_listings

HOUR = datetime(2026, 2, 27, 9, tzinfo=UTC)


@pytest.mark.both_engines
def test_scores_are_counted_by_lane_and_period_on_both_engines(any_site: Site) -> None:
    add_scored_listings(any_site, Lane.ANALYST, HOUR + timedelta(minutes=59, seconds=59, microseconds=999_999), 2)
    add_scored_listings(any_site, Lane.NO_ACTION, HOUR)
    add_scored_listings(any_site, Lane.ANALYST, HOUR + timedelta(hours=1))
    add_scored_listings(any_site, Lane.AUDIT, HOUR - timedelta(seconds=1))
    hours = [HOUR - timedelta(hours=1), HOUR]
    with any_site.runtime.store.read() as connection:
        counts = volumes.scores_by_lane(connection, any_site.marketplace_id, hours, timedelta(hours=1))
        day = volumes.scores_by_lane(connection, any_site.marketplace_id, [HOUR.replace(hour=0)], timedelta(days=1))
        elsewhere = volumes.scores_by_lane(connection, "mkt_other", hours, timedelta(hours=1))
    assert (counts[Lane.ANALYST], counts[Lane.NO_ACTION], counts[Lane.AUDIT]) == ([0, 2], [0, 1], [1, 0])
    assert (day[Lane.ANALYST], day[Lane.NO_ACTION], day[Lane.AUDIT]) == ([3], [1], [1])
    assert all(sum(numbers) == 0 for numbers in elsewhere.values())


@pytest.mark.both_engines
def test_the_age_of_a_queue_is_that_of_its_open_cases(any_site: Site) -> None:
    opened = []
    for number in range(5):
        opened.append(a_case(any_site, external_id=f"MP-{number}", title=f"Aure11e tote 1:1 lot {number}").opened_at)
        any_site.clock.forward(hours=6)
    ages = any_site.read(queue_ages, any_site.marketplace_id, any_site.clock.now())
    assert set(ages) == {CaseLane.ANALYST}
    age = ages[CaseLane.ANALYST]
    assert (age.number, age.oldest, age.long_waiting) == (5, opened[0], opened[1])
    assert (age.middle, age.short_waiting) == (opened[2], opened[3])
    assert age.late == 2  # 30 and 24 hours ago, of 24.
