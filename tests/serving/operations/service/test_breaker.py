from dataclasses import replace
from datetime import timedelta

import pytest

from models.errors import Conflict, Invalid
from models.routing import Lane
from serving.audit.store import audit
from serving.listings.service.intake import receive_rows
from serving.operations.service.breaker import check_breakers, close_breaker
from serving.platform.clock import Window
from serving.scoring.policy import BreakerPolicy
from serving.scoring.rules.breaker import Volume
from serving.scoring.store import breakers
from tests.fixtures.promoting import promote
from tests.fixtures.runtimes import EVIDENCE, Site, a_row
from tests.serving.web.reports import admit_model

POLICY = BreakerPolicy(fewest_usual=20, fewest_flagged=10, times=2, chance=0.001)


def send(site: Site, many: int, *, sellers: int, named: str) -> None:
    rows = [
        a_row(external_id=f"{named}-{i}", seller={"external_id": f"{named}-shop-{i % sellers}"}, **EVIDENCE)
        for i in range(many)
    ]
    receive_rows(site.runtime, site.marketplace, rows, source="test")


def breaker_of(site: Site) -> breakers.Breaker:
    return site.read(breakers.breaker_of, site.marketplace_id)


def with_small_breaker(site: Site) -> Site:
    """A site whose breaker needs fewer listings than a real one."""
    return replace(site, runtime=replace(site.runtime, policies=site.runtime.policies.changed(POLICY)))


def flooded_site(site: Site) -> Site:
    """A day on which a model flags nothing, then one on which another model flags everything."""
    site = with_small_breaker(site)
    promote(site, admit_model(site, analyst_from=0.998))
    send(site, 60, sellers=60, named="quiet")
    site.clock.forward(days=2)
    promote(site, admit_model(site, ask_brand_from=0.001))
    send(site, 40, sellers=40, named="flood")
    return site


def lane_of_next(site: Site, named: str) -> Lane | None:
    (answer,) = receive_rows(site.runtime, site.marketplace, [a_row(external_id=named, **EVIDENCE)], source="test")
    return answer.lane


def test_a_volume_counts_few_listings_of_each_seller(any_site: Site) -> None:
    site = any_site
    promote(site, admit_model(site))
    send(site, 20, sellers=2, named="big")
    send(site, 4, sellers=4, named="small")
    with site.runtime.store.read() as connection:
        volume = breakers.score_volume(connection, site.marketplace_id, Window.of_days(1, site.clock.now()), 3)
        before = breakers.score_volume(
            connection, site.marketplace_id, Window.of_days(1, site.clock.now() - timedelta(days=1)), 3
        )
    assert volume == Volume(scored=2 * 3 + 4, flagged=2 * 3 + 4)
    assert before == Volume(0, 0)


def test_a_flood_opens_the_breaker_once_and_says_why(any_site: Site) -> None:
    site = flooded_site(any_site)
    assert [check_breakers(site.runtime), check_breakers(site.runtime)] == [1, 0]
    breaker = breaker_of(site)
    assert breaker.opened_at == site.clock.now()
    assert breaker.reason is not None
    assert breaker.reason.startswith("40 of 40 listings were flagged in 24 hours (100%). The earlier share was 0.0%")
    assert site.read(audit.check_chain)[1] is None


def test_while_it_is_open_the_model_asks_no_brand_and_analysts_see_what_it_would_ask(site: Site) -> None:
    site = flooded_site(site)
    assert lane_of_next(site, "before") is Lane.ASK_BRAND
    check_breakers(site.runtime)
    assert lane_of_next(site, "after") is Lane.ANALYST


def test_somebody_closes_it_with_a_reason_and_it_does_not_open_again_over_the_same_listings(site: Site) -> None:
    site = flooded_site(site)
    check_breakers(site.runtime)
    close_breaker(site.runtime, site.marketplace, by="test", reason="The new model asks too much; thresholds raised.")
    assert lane_of_next(site, "after") is Lane.ASK_BRAND
    site.clock.forward(minutes=15)
    assert check_breakers(site.runtime) == 0
    assert breaker_of(site).opened_at is None


def test_it_is_closed_once_and_not_without_a_reason(site: Site) -> None:
    site = flooded_site(site)
    check_breakers(site.runtime)
    with pytest.raises(Invalid, match="Give the result of the review"):
        close_breaker(site.runtime, site.marketplace, by="test", reason="  ")
    close_breaker(site.runtime, site.marketplace, by="test", reason="Looked at.")
    with pytest.raises(Conflict, match="already closed"):
        close_breaker(site.runtime, site.marketplace, by="test", reason="Again.")


def test_an_ordinary_day_leaves_it_closed_and_is_looked_at_every_quarter_of_an_hour(site: Site) -> None:
    site = with_small_breaker(site)
    promote(site, admit_model(site))
    for day in range(3):
        send(site, 30, sellers=30, named=f"day-{day}")
        site.clock.forward(hours=20)
        assert check_breakers(site.runtime) == 0
    looked = breaker_of(site).checked_at
    site.clock.forward(minutes=14)
    check_breakers(site.runtime)
    assert breaker_of(site).checked_at == looked
    site.clock.forward(minutes=1)
    check_breakers(site.runtime)
    assert breaker_of(site).checked_at == site.clock.now()


def test_the_scorecard_has_no_breaker_because_it_asks_nobody(site: Site) -> None:
    assert check_breakers(site.runtime) == 0
    assert breaker_of(site).checked_at is None
