"""Reported listings that the marketplace has not sent yet."""

import pytest

from serving.accounts.store import accounts, people
from serving.reports.policy import ReportPolicy
from serving.reports.rules.outcomes import ListingResult
from serving.reports.service.waiting import decide_arrived_listings
from serving.reports.service.withdrawing import withdraw
from serving.reports.store import reports
from tests.fixtures.reporting import action_states, on_sale, report, withdraw_whole
from tests.fixtures.runtimes import Site
from tests.serving.reports.service.test_withdrawing import last_results


def test_a_report_goes_on_when_the_listing_comes_in(any_site: Site) -> None:
    done = report(any_site, ["https://bazaar.example/item/RP-0", "RP-1"])
    assert done.counts[ListingResult.UNKNOWN] == 2
    assert decide_arrived_listings(any_site.runtime) == 0
    on_sale(any_site, 1)
    any_site.clock.forward(days=3)
    assert decide_arrived_listings(any_site.runtime) == 1
    assert last_results(any_site, done.report.report_id) == {1: ListingResult.SCHEDULED, 2: ListingResult.UNKNOWN}
    assert action_states(any_site) == {"scheduled": 1}
    assert decide_arrived_listings(any_site.runtime) == 0
    assert report(any_site, ["https://bazaar.example/item/RP-0", "RP-1"]).outcomes == done.outcomes


def test_after_thirty_days_the_wait_ends(any_site: Site) -> None:
    done = report(any_site, ["RP-0"])
    any_site.clock.forward(days=any_site.runtime.policies[ReportPolicy].waits_days)
    assert decide_arrived_listings(any_site.runtime) == 1
    on_sale(any_site, 1)
    assert decide_arrived_listings(any_site.runtime) == 0
    assert last_results(any_site, done.report.report_id) == {1: ListingResult.EXPIRED}


def test_a_withdrawn_listing_is_waited_for_no_longer(any_site: Site) -> None:
    done = report(any_site, ["RP-0"])
    any_site.clock.forward(days=1)
    assert withdraw(any_site.runtime, any_site.brand_person, done.report.report_id, [1]) == 1
    on_sale(any_site, 1)
    assert decide_arrived_listings(any_site.runtime) == 0
    assert action_states(any_site) == {}


def test_a_report_of_somebody_who_has_left_the_brand_removes_nothing(any_site: Site) -> None:
    done = report(any_site, ["RP-0"])
    any_site.write(people.disable, any_site.brand_person.user_id, any_site.clock.now())
    on_sale(any_site, 1)
    assert decide_arrived_listings(any_site.runtime) == 1
    assert last_results(any_site, done.report.report_id) == {1: ListingResult.REFUSED}
    assert action_states(any_site) == {}


def test_a_report_of_somebody_who_no_longer_represents_the_brand_removes_nothing(any_site: Site) -> None:
    done = report(any_site, ["RP-0"])
    any_site.write(
        accounts.end_brand_grant, any_site.brand_person.user_id, (any_site.marketplace_id, any_site.brand_id)
    )
    on_sale(any_site, 1)
    assert decide_arrived_listings(any_site.runtime) == 1
    outcome = any_site.read(reports.outcomes, done.report)[-1]
    assert str(outcome.refusal) == "The person who reported this listing no longer represents the brand."
    assert action_states(any_site) == {}


def test_more_than_one_batch_is_looked_through(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serving.reports.service.waiting._MOST_AT_ONCE", 20)
    done = report(site, [f"RP-{number}" for number in range(29, -1, -1)])
    on_sale(site, 1)
    assert decide_arrived_listings(site.runtime) == 1
    assert last_results(site, done.report.report_id)[30] is ListingResult.SCHEDULED


def test_a_wait_that_ended_since_it_was_read_does_not_go_on(any_site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    done = report(any_site, ["RP-0"])
    stale = any_site.read(reports.awaited_listings, 1, ("", 0))
    assert withdraw_whole(any_site.runtime, any_site.brand_person, done.report.report_id) == 1
    on_sale(any_site, 1)
    monkeypatch.setattr(reports, "awaited_listings", lambda *_: stale)
    assert decide_arrived_listings(any_site.runtime) == 0
    assert last_results(any_site, done.report.report_id) == {1: ListingResult.WITHDRAWN}
