"""Offline equals online: facts recomputed from the database equal those recorded at intake, bit for bit."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest

from features.compute import NAMES, compute
from tests.fixtures.lives import Lives
from tests.fixtures.recompute import Recomputed, recompute
from tests.fixtures.runtimes import Site

# Facts from the past. Each must vary in the test data, or the test proves nothing about it.
PAST = (
    "price_change",
    "price_changes",
    "price_largest_fall",
    "price_claim_to_highest",
    "price_same_at_seller",
    "seller_sales_30d",
    "seller_sales_growth_7d",
    "seller_turnover_growth_30d",
    "seller_return_share_7d",
    "seller_fake_returns_90d",
    "seller_known",
    "seller_listings_7d",
    "seller_listings_30d",
    "seller_recent_listings_share",
    "seller_protected_share",
    "seller_confirmed_counterfeits",
    "seller_cleared",
    "seller_counterfeits_90d",
    "seller_since_counterfeit",
    "seller_strikes",
    "seller_linked_sellers",
    "seller_linked_counterfeiters",
    "seller_linked_cleared",
    "seller_linked_counterfeit_share",
    "seller_linked_distance",
)


def authorised_between_two_listings(found: Iterable[Recomputed]) -> set[str | None]:
    """Sellers with listings of a brand before it authorised them, and others afterwards."""
    known: dict[bool, set[str | None]] = {True: set(), False: set()}
    for one in found:
        if one.recorded.brand.name == "Aurelle":
            known[one.recorded.seller.authorised].add(one.recorded.listing.seller.external_id)
    return known[True] & known[False]


def made_again(site: Site) -> list[Recomputed]:
    with site.runtime.store.read() as connection:
        return list(recompute(connection, site.here))


def test_offline_equals_online(any_site: Site) -> None:
    Lives(any_site, seed=1, sellers=24).play(steps=12)
    found = made_again(any_site)
    assert Counter(name for one in found for name in one.moved) == {}
    assert [one.score_id for one in found if one.recorded != one.again] == []
    assert authorised_between_two_listings(found)
    vectors = np.stack([compute(one.recorded).vector for one in found])
    assert [name for name in PAST if len(np.unique(vectors[:, NAMES.index(name)])) < 3] == []


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_offline_equals_online_over_ten_thousand_histories(any_site: Site, engine_name: str) -> None:
    """Half of the seeds on each database."""
    Lives(any_site, seed={"sqlite": 2, "postgresql": 3}[engine_name], sellers=240).play(steps=40)
    found = made_again(any_site)
    assert len(found) >= 5_000
    assert [one.score_id for one in found if one.recorded != one.again or one.moved] == []
