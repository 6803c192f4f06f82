from datetime import timedelta

import pytest

from serving.listings.service.seller_events import receive_events
from serving.sellers.store import activity_series
from serving.sellers.store.activity_series import LISTINGS, STEPS
from tests.fixtures.runtimes import Site, a_case

SELLER = "lumo-trade-88"


@pytest.mark.both_engines
def test_events_are_counted_in_steps_of_six_days_up_to_the_moment(any_site: Site) -> None:
    now = any_site.clock.now()
    moments = (("sale", 1), ("sale", 2), ("sale", 7), ("fake_return", 89), ("sale", 91))
    events = [
        {"event_id": f"e-{kind}-{days}", "seller": SELLER, "kind": kind, "occurred_at": at.isoformat()}
        for kind, days in moments
        for at in [now - timedelta(days=days)]
    ]
    receive_events(any_site.runtime, any_site.marketplace, {"events": events}, backfill=False)
    a_case(any_site)
    with any_site.runtime.store.read() as connection:
        series = activity_series.series_by_kind(connection, any_site.marketplace_id, SELLER, now)
        nobody = activity_series.series_by_kind(connection, any_site.marketplace_id, "nobody", now)
    assert series["sale"] == [0] * (STEPS - 2) + [1, 2]
    assert series["fake_return"] == [1] + [0] * (STEPS - 1), "the event before the ninety days is left out"
    assert "return" not in series
    assert series[LISTINGS] == [0] * (STEPS - 1) + [1]
    assert nobody == {LISTINGS: [0] * STEPS}
