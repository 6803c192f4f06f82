from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from features.listing import Listing, check
from tests.fixtures.simulation import a_listing, a_small_market
from training.simulation.adapting import AdaptingSellers, dropped_share, new_account_row, reword
from training.simulation.simulated.words import BLATANT_TITLES, TELLS, Language

MARKET = a_small_market()
TELL = TELLS[Language.EN][3]
BLATANT = BLATANT_TITLES[Language.EN][0]
ROW: dict[str, Any] = {
    "external_id": "offer-1",
    "title": f"Aurelle Colline tote {BLATANT}",
    "description": f"{TELL} Ships in two days.",
    "brand": "Aurelle",
    "price": "89.00",
    "currency": "EUR",
    "sales": {"d7": 3},
    "occurred_at": "2026-02-01T00:00:00+00:00",
    "seller": {"external_id": "alba-1", "age_days": 300, "country": "CN", "orders": {"d7": 9}},
}


def rewritten_rows(caught: int, times: int = 400) -> list[dict[str, object]]:
    return [reword(ROW, caught, np.random.default_rng(seed)) for seed in range(times)]


def test_sellers_without_removals_change_nothing() -> None:
    assert all(row == ROW for row in rewritten_rows(0, 20))


@pytest.mark.parametrize(("earlier", "later"), [(1, 2), (2, 5), (5, 9)])
def test_more_removals_leave_fewer_indicators(earlier: int, later: int) -> None:
    def giveaways(caught: int) -> int:
        return sum(
            (TELL in str(row["description"])) + (BLATANT in str(row["title"])) + ("Aurelle" in str(row["title"]))
            for row in rewritten_rows(caught)
        )

    assert giveaways(later) < giveaways(earlier)


def test_the_learnt_share_of_indicators_is_dropped() -> None:
    tell_count = sum(TELL in str(row["description"]) for row in rewritten_rows(2, 1_000))
    assert tell_count / 1_000 == pytest.approx(1 - dropped_share(2), abs=0.05)


def test_the_price_rises_towards_that_of_genuine_goods() -> None:
    prices = [float(str(row["price"])) for row in rewritten_rows(3)]
    assert min(prices) >= 89.0
    assert max(prices) < 89.0 * 1.6
    assert np.mean(prices) > 89.0 * 1.1


def test_an_obfuscated_brand_is_not_declared() -> None:
    hidden = [row for row in rewritten_rows(5) if "Aurelle" not in str(row["title"])]
    assert hidden
    assert sum("brand" in row for row in hidden) < len(hidden) / 4  # A typing error changes a name as well.


def test_a_new_account_has_no_sales() -> None:
    row = new_account_row(ROW, np.random.default_rng(1))
    assert row.keys() == {"title", "description", "brand", "price", "currency", "seller"}
    seller = row["seller"]
    assert isinstance(seller, dict)
    assert seller.keys() == {"age_days", "country"}
    assert seller["age_days"] < 45


@pytest.mark.parametrize("caught", [1, 4, 20])
def test_validation_accepts_rewritten_rows(caught: int) -> None:
    for offered in MARKET.listings[:60]:
        row = reword(offered.row, caught, np.random.default_rng(caught))
        assert isinstance(check(row, received_at=offered.at), Listing)


def test_a_removed_listing_is_relisted_under_another_account_within_days() -> None:
    adapting = AdaptingSellers(MARKET)
    listings = [a_listing(at=at, seller=f"alba-{at}") for at in range(100)]
    for offered in listings:
        adapting.notice(offered, offered.at)
    back = adapting.returned(MARKET.end)
    assert 75 <= len(back) <= 95
    by_id = {offered.external_id: offered for offered in listings}
    for again in back:
        before = by_id[again.external_id.removesuffix("~1")]
        assert timedelta(days=1) <= again.at - before.at <= timedelta(days=6)
        assert again.seller == f"{before.truth.seller}~1"
        assert again.truth.counterfeit
    assert adapting.returned(MARKET.end) == []


def test_nothing_is_relisted_before_its_time() -> None:
    adapting = AdaptingSellers(MARKET)
    offered = a_listing()
    adapting.notice(offered, offered.at)
    assert adapting.returned(offered.at + timedelta(hours=23)) == []


def test_honest_sellers_do_not_relist() -> None:
    adapting = AdaptingSellers(MARKET)
    for at in range(50):
        adapting.notice(a_listing(at=at, kind="second_hand"), MARKET.start)
    assert adapting.returned(MARKET.end) == []


def test_sellers_give_up_after_five_closed_accounts() -> None:
    adapting = AdaptingSellers(MARKET)
    listings = [a_listing(at=at, seller=f"alba-{at}") for at in range(40)]
    rounds = 0
    while listings:
        rounds += 1
        for offered in listings:
            adapting.notice(offered, offered.at)
        listings = adapting.returned(MARKET.end + timedelta(days=365))
    assert 3 <= rounds <= 6


def test_later_listings_of_the_same_people_are_reworded_after_a_removal() -> None:
    adapting = AdaptingSellers(MARKET)
    first, second = a_listing(at=0), a_listing(at=200)
    for _ in range(6):
        adapting.notice(first, second.at - timedelta(days=2))
    assert adapting.as_written(first) is first
    changed = adapting.as_written(second)
    assert changed.row["price"] != second.row["price"]
    assert (changed.at, changed.truth, changed.draw) == (second.at, second.truth, second.draw)
