from datetime import timedelta
from typing import Any

import pytest

from features.priors import FAKE_RETURNS, NO_PRIORS, RETURNS, Priors
from serving.intake.service.intake import receive
from serving.intake.service.seller_events import receive_events
from serving.marketplaces.store import marketplaces
from serving.operations.service.housekeeping import refresh_references
from serving.scoring.service.reference_context import ReferenceContextCache
from serving.scoring.store import base_rate_priors, references
from tests.fixtures.clocks import NOW
from tests.fixtures.listings import a_row
from tests.fixtures.runtimes import Site

SELLERS = 40


def worked_out(site: Site, days_ago: float = 0) -> Priors:
    with site.runtime.store.read() as connection:
        found = marketplaces.get(connection, site.here)
        return base_rate_priors.worked_out(connection, found, site.clock.now() - timedelta(days=days_ago))


def offers(site: Site, *, came_back: int, **block: Any) -> None:
    """Forty listings of forty sellers: 20 of each sold in 90 days, and every second listing's buyers sent some back."""
    rows = [
        a_row(
            external_id=f"MP-{i}",
            seller={"external_id": f"s-{i}", **block},
            sales={"d90": 20},
            returns={"d90": came_back * (i % 2)},
            fake_returns={"d90": i % 2},
        )
        for i in range(SELLERS)
    ]
    receive(site.runtime, site.marketplace, rows, source="test")


@pytest.mark.both_engines
def test_before_anything_is_known_the_stated_constants_hold(any_site: Site) -> None:
    assert worked_out(any_site) == NO_PRIORS


@pytest.mark.both_engines
def test_what_is_usual_is_learnt_from_listings_as_they_were_last_heard_of(any_site: Site) -> None:
    offers(any_site, came_back=2)
    offers(any_site, came_back=8)
    found = worked_out(any_site)
    assert (found.item_returns.mean, found.item_returns.groups) == (4 / 20, SELLERS)
    assert (found.item_fake_returns.mean, found.item_fake_returns.groups) == (0.01, SELLERS)
    assert (found.seller_returns, found.seller_fake_returns) == (RETURNS, FAKE_RETURNS)


@pytest.mark.both_engines
def test_what_is_usual_of_sellers_is_learnt_from_their_block_where_events_are_not_complete(any_site: Site) -> None:
    offers(any_site, came_back=2, accepted={"d90": 50})
    assert worked_out(any_site).seller_returns == RETURNS
    offers(any_site, came_back=2, accepted={"d90": 50}, returned={"d90": 10})
    assert worked_out(any_site).seller_returns.mean == 0.2


@pytest.mark.both_engines
def test_what_is_usual_of_sellers_is_learnt_from_events_where_these_are_complete(any_site: Site) -> None:
    offers(any_site, came_back=2)
    kinds = ["sale", "sale", "return", "fake_return"]
    events = [
        {
            "event_id": f"{i}-{n}",
            "seller": f"s-{i}",
            "kind": kind,
            "occurred_at": (NOW - timedelta(days=n + 1)).isoformat(),
        }
        for i in range(SELLERS)
        for n, kind in enumerate(kinds)
    ]
    body = {"events": events, "complete_since": (NOW - timedelta(days=200)).isoformat()}
    receive_events(any_site.runtime, any_site.marketplace, body, backfill=False)
    found = worked_out(any_site)
    assert (found.seller_returns.mean, found.seller_fake_returns.mean) == (0.5, 0.01)
    assert worked_out(any_site, days_ago=1).seller_fake_returns == FAKE_RETURNS


@pytest.mark.both_engines
def test_what_was_worked_out_is_what_listings_are_scored_with(any_site: Site) -> None:
    offers(any_site, came_back=8)
    any_site.clock.forward(seconds=1)
    refresh_references(any_site.runtime)
    with any_site.runtime.store.read() as connection:
        kept = base_rate_priors.load(connection, any_site.here)
        again = references.as_of(connection, any_site.marketplace, any_site.clock.now())
    assert kept == worked_out(any_site) == again.priors
    assert kept.item_returns.mean == 4 / 20
    assert again.common.rows == {(48_900, "EUR"): SELLERS}
    context = any_site.runtime.services[ReferenceContextCache]
    with any_site.runtime.store.read() as connection:
        live = context.of(connection, any_site.marketplace, any_site.clock.now()).references
    assert (live.priors, live.common) == (kept, again.common)
