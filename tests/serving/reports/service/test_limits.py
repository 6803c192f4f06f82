"""What is foreseen of the limits equals what then happens."""

import random
from datetime import timedelta

import pytest

from models.errors import NotFound
from serving.accounts.rules.second_person import Proof
from serving.accounts.service.proving import FactorResponse
from serving.marketplaces.rules import AutomaticRule
from serving.marketplaces.service.kill_switches import switch_rule
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.limits import Limits, limits_of
from serving.standing.rules.standing import Level
from serving.takedowns.rules.bursts import PendingCause
from tests.fixtures.factors import an_app, with_a_counting_factor
from tests.fixtures.reporting import a_leader, a_rival, action_states, confirm, on_sale, questions, report
from tests.fixtures.runtimes import Site
from tests.fixtures.stepping_up import (
    HOUR,
    OVER,
    in_full_standing,
    in_level,
    prove_second_factor,
    waiting_report,
    with_a_small_hour,
)
from tests.serving.attacks.test_roads_around_questions import unbranded_listing


def limits(site: Site, listing: str | None = None) -> Limits:
    """The limits as a session sees them in which a second factor was just proved."""
    proof = Proof("fct_app", site.runtime.wall.now())
    return limits_of(site.runtime, site.brand_person, (site.marketplace_id, site.brand_id), listing, proof=proof)


@pytest.mark.parametrize("seed", [1, *(pytest.param(n, marks=pytest.mark.soak) for n in (0, 2, 3, 4, 5))])
def test_as_many_listings_leave_as_were_foreseen(site: Site, seed: int) -> None:
    """Reports of any size at any time, with and without an earlier burst: the number that leave is the one foreseen."""
    chance, start = random.Random(seed), 0
    for turn in range(4):
        foreseen = limits(site).leave_now
        assert foreseen is not None
        many = chance.choice([1, 3, 8, 15, foreseen, foreseen + 1])
        done = report(site, on_sale(site, max(1, many), start), f"turn {turn}")
        assert done.counts[ListingResult.SCHEDULED] == min(max(1, many), foreseen), (turn, many)
        start += 100
        site.clock.forward(minutes=chance.choice([1, 20, 59, 61]))


def test_a_place_is_free_again_when_it_was_foreseen(site: Site) -> None:
    site = with_a_small_hour(site)
    report(site, on_sale(site, HOUR))
    user_cap = limits(site).caps.user
    assert user_cap is not None
    assert (user_cap.remaining, user_cap.frees_at) == (0, site.clock.now().replace(hour=10))
    site.clock.forward(minutes=59, seconds=59)
    assert limits(site).leave_now == 0
    site.clock.forward(seconds=1)
    assert limits(site).leave_now == HOUR


def test_the_target_sellers_cap_is_that_of_the_listing(site: Site) -> None:
    names = on_sale(site, 11, seller="one-shop")
    assert limits(site).caps.seller is None
    report(site, names[:10])
    forecast = limits(site, names[10])
    assert forecast.caps.seller is not None
    assert forecast.caps.seller.remaining == 0
    assert [reason.cause for reason in forecast.pending_reasons] == [PendingCause.SELLER_SHARE]
    done = report(site, names[10:], "the eleventh")
    assert done.counts[ListingResult.PENDING_APPROVAL] == 1
    assert done.outcomes[0].reasons == tuple(reason.message for reason in forecast.pending_reasons)


def test_a_seller_of_high_impact_is_foreseen(site: Site) -> None:
    (case,) = questions(site, 1, sales_90d=900)
    assert [reason.cause for reason in limits(site, "MP-0").pending_reasons] == [PendingCause.HIGH_IMPACT]
    confirm(site, site.brand_person, case)
    assert action_states(site) == {"pending_approval": 1}


def test_the_daily_quota_of_a_capped_brand_is_foreseen(site: Site) -> None:
    in_level(site, Level.CAPPED)
    forecast = limits(site)
    assert forecast.quota is not None
    assert forecast.leave_now == forecast.quota.remaining == 5
    assert forecast.quota.renewed_at == site.clock.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
    report(site, on_sale(site, 3, 300))
    assert limits(site).leave_now == 2


def test_of_a_suspended_brand_an_analyst_decides_everything(site: Site) -> None:
    in_level(site, Level.SUSPENDED)
    forecast = limits(site)
    assert (forecast.leave_now, forecast.effect.at_once) == (0, False)


def test_pending_removals_hold_nothing_of_the_next_hour_and_the_kill_switch_is_foreseen(site: Site) -> None:
    in_level(site, Level.FULL)
    report(site, on_sale(site, 21))
    site.clock.forward(hours=2)
    assert limits(site).pending_reasons == ()
    switch_rule(site.runtime, site.marketplace, AutomaticRule.BRAND_REMOVALS, on=False, by="test", reason="test")
    assert [reason.cause for reason in limits(site).pending_reasons] == [PendingCause.SWITCHED_OFF]


def test_whether_a_second_factor_helps_is_foreseen(site: Site) -> None:
    full_site = in_full_standing(site)
    a_leader(full_site)
    assert [reason.code for reason in limits(full_site).step_up] == ["step_up.no_factor"]
    an_app(full_site, full_site.brand_person)
    assert [reason.code for reason in limits(full_site).step_up] == ["step_up.too_new"]
    in_level(full_site, Level.PROVISIONAL)
    assert [reason.code for reason in limits(full_site).step_up] == ["step_up.too_new", "step_up.standing"]


def test_a_second_factor_does_what_was_foreseen(site: Site) -> None:
    full_site = with_a_small_hour(in_full_standing(site))
    a_leader(full_site)
    app, session = with_a_counting_factor(full_site, full_site.brand_person)
    assert limits(full_site).step_up == ()
    prove_second_factor(
        full_site.runtime,
        session,
        waiting_report(full_site, on_sale(full_site, OVER)),
        FactorResponse(app.code(full_site)),
    )
    assert action_states(full_site) == {"scheduled": OVER}
    assert limits(full_site).step_up == ()
    assert limits(full_site).leave_now == HOUR, "the usual limits are untouched"


def test_the_limits_of_another_brand_are_not_there(site: Site) -> None:
    rival = a_rival(site)
    with pytest.raises(NotFound):
        limits_of(site.runtime, rival, (site.marketplace_id, site.brand_id))
    with pytest.raises(NotFound):
        limits(site, unbranded_listing(site))


def test_without_a_fresh_proof_the_number_is_not_told(site: Site) -> None:
    assert limits_of(site.runtime, site.brand_person, (site.marketplace_id, site.brand_id)).leave_now is None
