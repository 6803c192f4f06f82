from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from features.compute import NAMES
from models.case import CaseLane
from models.policies.deciding import RoutingPolicy
from models.verdict import Judgement
from serving.jobs.worker import sweep
from serving.learning.service.monitoring import SCORE, measure, measure_weekly
from serving.learning.store import monitoring
from serving.listings.service.intake import receive_rows
from serving.platform.clock import Window
from tests.fixtures.clocks import NOW
from tests.fixtures.runtimes import Site, a_case, a_row, judge
from tests.serving.web.reports import put_champion_in_force


def send(site: Site, many: int, *, first: int = 0, price: float = 400.0) -> None:
    rows = [a_row(external_id=f"MP-{first + i}", price=f"{price + i % 50:.2f}") for i in range(many)]
    receive_rows(site.runtime, site.marketplace, rows, source="test")


def test_a_sample_is_spread_evenly_over_its_window_and_never_larger_than_asked_for(any_site: Site) -> None:
    site = any_site
    for number in range(7):
        send(site, 1, first=number)
        site.clock.forward(hours=1)
    with site.runtime.store.read() as connection:
        window = Window(NOW - timedelta(hours=1), NOW + timedelta(hours=7))
        three = monitoring.sample_of_facts(connection, site.marketplace_id, window, 3)
        everything = monitoring.sample_of_facts(connection, site.marketplace_id, window, 7)
    assert [facts.listing.external_id for facts in three] == ["MP-2", "MP-4", "MP-6"]
    assert len(everything) == 7


def test_a_window_is_open_at_its_start_and_closed_at_its_end(any_site: Site) -> None:
    site = any_site
    for number in range(3):
        send(site, 1, first=number)
        site.clock.forward(hours=1)
    inside = site.read(monitoring.sample_of_facts, site.marketplace_id, Window(NOW, NOW + timedelta(hours=2)), 10)
    assert [facts.listing.external_id for facts in inside] == ["MP-1", "MP-2"]


def test_first_answers_count_from_the_case_and_are_none_while_nobody_has_answered(any_site: Site) -> None:
    site = any_site
    answered, _waiting = a_case(site, external_id="MP-1"), a_case(site, external_id="MP-2")
    site.clock.forward(hours=2)
    judge(site, site.analyst, answered, Judgement.GENUINE)
    delays = site.read(monitoring.first_answer_delays, site.marketplace_id, Window.of_days(1, site.clock.now()))
    assert delays == [timedelta(hours=2), None]


def test_a_first_score_says_whether_anybody_was_shown_the_version(any_site: Site) -> None:
    site = any_site
    a_case(site, external_id="MP-1")
    send(site, 1, first=2)
    receive_rows(
        site.runtime, site.marketplace, [a_row(external_id="MP-2", price="400.00", photos_count=3)], source="test"
    )
    with site.runtime.store.read() as connection:
        rows = list(monitoring.first_scores(connection, site.marketplace_id, Window.of_days(1, site.clock.now())))
    assert [(row.reviewed, row.probability) for row in rows] == [(True, None), (False, None)]
    assert rows[0].inclusion_probability == 1
    assert rows[1].inclusion_probability == pytest.approx(site.runtime.policies[RoutingPolicy].audit_unnamed_share)


def test_prices_that_doubled_are_seen_and_nothing_else_is(site: Site) -> None:
    send(site, 100)
    site.clock.forward(days=31)
    send(site, 100, first=100, price=800.0)
    report = measure(site.runtime, site.marketplace)
    levels = {row["name"]: row["level"] for row in report["shifts"]}
    assert report["listings"] == [100, 100]
    assert levels["price_log"] == "moved"
    assert levels["text_title_length"] == "steady"
    assert set(levels) == set(NAMES)  # The scorecard's points are no probability, so there is no score to compare.


def test_the_champion_scores_both_sides(site: Site) -> None:
    send(site, 60)
    site.clock.forward(days=1)
    champion = put_champion_in_force(site)
    site.clock.forward(days=31)
    send(site, 60, first=60)
    report = measure(site.runtime, site.marketplace)
    assert report["champion"] == champion
    assert SCORE in {row["name"] for row in report["shifts"]}
    assert sum(band["listings"] for band in report["bands"]) == 60  # The champion did not give the scorecard's scores.


def test_listings_are_compared_with_those_before_the_champion(site: Site) -> None:
    send(site, 60)
    site.clock.forward(days=1)
    put_champion_in_force(site)
    site.clock.forward(days=100)
    send(site, 60, first=60)
    assert measure(site.runtime, site.marketplace)["listings"] == [60, 60]


def test_with_too_few_listings_no_shift_is_claimed(site: Site) -> None:
    send(site, 49)
    site.clock.forward(days=31)
    send(site, 60, first=60, price=800.0)
    report = measure(site.runtime, site.marketplace)
    assert not report["enough"]
    assert {row["level"] for row in report["shifts"]} == {"unknown"}


def test_prevalence_counts_mature_labels_only(site: Site) -> None:
    judge(site, site.brand_person, a_case(site, CaseLane.ASK_BRAND), Judgement.COUNTERFEIT)
    site.clock.forward(days=1)
    young = measure(site.runtime, site.marketplace)["prevalence"]
    site.clock.forward(days=20)
    mature = measure(site.runtime, site.marketplace)["prevalence"]
    assert (young["share"], young["reviewed"]) == (None, 0)
    assert (mature["share"], mature["reviewed"]) == (1.0, 1)


def test_a_report_is_made_weekly_once_there_is_a_champion(site: Site) -> None:
    assert measure_weekly(site.runtime) == 0
    put_champion_in_force(site)
    assert [measure_weekly(site.runtime), measure_weekly(site.runtime)] == [1, 0]
    site.clock.forward(days=6)
    assert measure_weekly(site.runtime) == 0
    site.clock.forward(days=1)
    assert measure_weekly(site.runtime) == 1
    latest = site.read(monitoring.latest_drift_report, site.marketplace_id)
    assert latest is not None
    assert latest[1]["trained_base_rate"] == 0.05


def test_looks_at_the_same_moment_make_one_report(site: Site) -> None:
    put_champion_in_force(site)
    with ThreadPoolExecutor(4) as pool:
        report_counts = list(pool.map(lambda _number: sweep(site.runtime)["drift_reports"], range(4)))
    assert sum(report_counts) == 1


def test_an_empty_marketplace_has_a_report_too(site: Site) -> None:
    report = measure(site.runtime, site.marketplace)
    assert report["listings"] == [0, 0]
    assert report["prevalence"]["share"] is None
