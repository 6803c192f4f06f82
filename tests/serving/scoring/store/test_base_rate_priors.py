from datetime import timedelta
from typing import Any

import pytest

from features.priors import FAKE_RETURNS, NO_PRIORS, RETURNS, Priors
from serving.listings.service.intake import receive_rows
from serving.listings.service.seller_events import receive_events
from serving.marketplaces.store import marketplaces
from serving.operations.service.housekeeping import refresh_references
from serving.scoring.service.scoring import ReferenceContextCache
from serving.scoring.store import base_rate_priors, references
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site, a_row

SELLERS = 40


def priors_of(site: Site, days_ago: float = 0) -> Priors:
    with site.runtime.store.read() as connection:
        marketplace = marketplaces.get(connection, site.marketplace_id)
        return base_rate_priors.compute_priors(connection, marketplace, site.clock.now() - timedelta(days=days_ago))


def listings(site: Site, *, came_back: int, **block: Any) -> None:
    """Receive forty listings of forty sellers, each with 20 sales in 90 days; every second one has returns."""
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
    receive_rows(site.runtime, site.marketplace, rows, source="test")


@pytest.mark.both_engines
def test_without_data_the_default_constants_apply(any_site: Site) -> None:
    assert priors_of(any_site) == NO_PRIORS


@pytest.mark.both_engines
def test_priors_are_estimated_from_the_last_state_of_listings(any_site: Site) -> None:
    listings(any_site, came_back=2)
    listings(any_site, came_back=8)
    priors = priors_of(any_site)
    assert (priors.item_returns.mean, priors.item_returns.groups) == (4 / 20, SELLERS)
    assert (priors.item_fake_returns.mean, priors.item_fake_returns.groups) == (0.01, SELLERS)
    assert (priors.seller_returns, priors.seller_fake_returns) == (RETURNS, FAKE_RETURNS)


@pytest.mark.both_engines
def test_priors_of_sellers_use_their_profiles_where_events_are_incomplete(any_site: Site) -> None:
    listings(any_site, came_back=2, accepted={"d90": 50})
    assert priors_of(any_site).seller_returns == RETURNS
    listings(any_site, came_back=2, accepted={"d90": 50}, returned={"d90": 10})
    assert priors_of(any_site).seller_returns.mean == 0.2


@pytest.mark.both_engines
def test_priors_of_sellers_use_events_where_these_are_complete(any_site: Site) -> None:
    listings(any_site, came_back=2)
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
    priors = priors_of(any_site)
    assert (priors.seller_returns.mean, priors.seller_fake_returns.mean) == (0.5, 0.01)
    assert priors_of(any_site, days_ago=1).seller_fake_returns == FAKE_RETURNS


@pytest.mark.both_engines
def test_listings_are_scored_with_the_computed_priors(any_site: Site) -> None:
    listings(any_site, came_back=8)
    any_site.clock.forward(seconds=1)
    refresh_references(any_site.runtime)
    with any_site.runtime.store.read() as connection:
        stored_priors = base_rate_priors.stored_priors(connection, any_site.marketplace_id)
        again = references.references_as_of(connection, any_site.marketplace, any_site.clock.now())
    assert stored_priors == priors_of(any_site) == again.priors
    assert stored_priors.item_returns.mean == 4 / 20
    assert again.common.rows == {(48_900, "EUR"): SELLERS}
    context = any_site.runtime.services[ReferenceContextCache]
    live = any_site.read(context.of, any_site.marketplace, any_site.clock.now()).references
    assert (live.priors, live.common) == (stored_priors, again.common)
