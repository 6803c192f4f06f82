import statistics
import time
from dataclasses import replace
from datetime import timedelta

import pytest

from models.routing import Lane
from models.verdict import Judgement
from serving.audit.service.signing import sign_head
from serving.operations.service.health import health_of
from serving.operations.service.presence import Presence
from serving.scoring.store import breakers
from serving.web.operations.health_part import health_rows
from tests.fixtures.many_cases import fill_many
from tests.fixtures.receivers import mark_endpoint_proven
from tests.fixtures.reporting import a_marketplace_that_listens, removal_by_brand
from tests.fixtures.runtimes import Site, a_case, judge
from tests.serving.web.reports import put_champion_in_force
from tests.serving.web.visits import add_scored_listings, an_administrator, visit_as, words

PATH = "/operations"


def test_an_administrator_sees_volumes_queues_and_what_is_not_well(site: Site) -> None:
    add_scored_listings(site, Lane.ASK_BRAND, site.clock.now() - timedelta(days=3), 4)
    add_scored_listings(site, Lane.NO_ACTION, site.clock.now() - timedelta(days=3), 60)
    a_case(site)
    site.clock.forward(hours=25)
    page = visit_as(site, an_administrator(site)).get(PATH)
    text = words(page.text)
    assert "ask brand 4" in page.text
    assert "No action: 2 per day on average" in text
    assert "Analyst review 1 1 1 d 1 h 1 d 1 h 1 d" in text, "one is open and late, 25 hours of 24"
    assert "No endpoint is registered, so removals are not sent." in text
    assert "No worker has reported yet" in text
    assert "Health issue" in text


def test_hours_days_or_weeks_are_chosen_and_anything_else_is_days(site: Site) -> None:
    add_scored_listings(site, Lane.ANALYST, site.clock.now() - timedelta(hours=5), 3)
    add_scored_listings(site, Lane.ANALYST, site.clock.now() - timedelta(days=100), 5)
    visitor = visit_as(site, site.data_scientist)
    assert "analyst 3" in visitor.get(f"{PATH}?by=hours").text
    assert "analyst 5" in visitor.get(f"{PATH}?by=weeks").text
    assert "in this period has listings that were sent to review." in words(visitor.get(f"{PATH}?by=%3Cb%3E").text)


def test_who_does_not_administer_reads_and_is_shown_no_tab_of_administrators(site: Site) -> None:
    page = visit_as(site, site.analyst).get(PATH).text
    assert "Deliveries" in page
    assert "/operations/audit" not in page
    assert "/operations/webhook" not in page


def test_an_open_breaker_is_closed_with_what_was_found(site: Site) -> None:
    now = site.clock.now()
    with site.runtime.store.write() as connection:
        breakers.record_check(connection, site.marketplace_id, now)
        breakers.open_breaker(connection, site.marketplace_id, "43 of 60 listings were flagged <b>in</b> 6 hours.", now)
    add_scored_listings(site, Lane.ANALYST, now - timedelta(days=3))
    page = visit_as(site, site.analyst).get(PATH)
    assert "43 of 60 listings were flagged &lt;b&gt;in" in page.text
    assert "breaker opened" in page.text
    assert 'action="/operations/breaker"' not in page.text, "an analyst reads"
    visitor = visit_as(site, an_administrator(site))
    assert visitor.post(f"{PATH}/breaker", {"reason": " "}).status_code == 422
    answer = visitor.post(f"{PATH}/breaker", {"reason": "A feed sent cents."})
    assert (answer.status_code, answer.headers["location"]) == (303, PATH)
    assert "Circuit breaker not in use" in words(visitor.get(PATH).text), "no model scores"
    assert visit_as(site, site.analyst).post(f"{PATH}/breaker", {"reason": "x"}).status_code == 403


def test_a_process_that_sweeps_is_seen_at_most_twice_a_minute(site: Site) -> None:
    presence = Presence(site.runtime)
    assert presence.swept({"deliveries": 2, "reminders": 0}, 0.02)
    assert not presence.swept({"deliveries": 1}, 0.02)
    assert "1 process, last run" in words(visit_as(site, site.analyst).get(PATH).text)


def test_the_page_shows_how_far_the_log_is_signed(site: Site) -> None:
    judge(site, site.analyst, a_case(site), Judgement.GENUINE)
    visitor = visit_as(site, site.analyst)
    assert "No signed head is readable." in words(visitor.get(PATH).text)
    assert sign_head(site.runtime) == 1
    assert "signed up to" in words(visitor.get(PATH).text)
    site.clock.forward(minutes=4)
    judge(site, site.analyst, a_case(site, external_id="MP-2"), Judgement.GENUINE)
    site.clock.forward(minutes=12)
    assert "later entries are not signed" in words(visitor.get(PATH).text)
    heads = site.runtime.home.audit_heads
    heads.write_bytes(heads.read_bytes().replace(b'"signature":"', b'"signature":"00'))
    assert "No signed head is readable." in words(visitor.get(PATH).text)


@pytest.mark.parametrize(
    ("free", "tone"), [(0.2, "good"), (0.09, "bad")], ids=["a fifth is free", "less than a tenth is free"]
)
def test_a_disk_is_reported_as_nearly_full_in_time(site: Site, free: float, tone: str) -> None:
    with site.runtime.store.read() as connection:
        health = replace(
            health_of(site.runtime, connection, site.marketplace_id), free_bytes=int(1000 * free), disk_bytes=1000
        )
    rows = {row.name: row for row in health_rows(health, site.runtime.wall.now())}
    assert rows["Disk"].tone == tone
    first = health_rows(health, site.runtime.wall.now())[0]
    assert first.tone == "bad", "no receiver is registered, and what is not well comes first"


@pytest.mark.both_engines
def test_every_page_of_operations_is_there_on_both_engines(any_site: Site) -> None:
    a_case(any_site)
    visitor = visit_as(any_site, an_administrator(any_site))
    for path in ("", "?by=hours", "?by=weeks", "/deliveries", "/jobs", "/quarantine", "/webhook", "/audit?newest=2000"):
        assert visitor.get(f"{PATH}{path}").status_code == 200, path
    text = words(visitor.get(PATH).text)
    assert ("PostgreSQL, " if any_site.runtime.settings.database_url else "SQLite, ") in text
    assert " this machine. Deadlines and signatures depend on it." not in text, "the clocks go together"


@pytest.mark.soak
def test_the_page_takes_less_than_200_ms_of_the_server_with_100_000_open_cases(site: Site) -> None:
    fill_many(site, 100_000)
    visitor = visit_as(site, an_administrator(site))
    for path in (PATH, f"{PATH}?by=weeks", f"{PATH}/deliveries", f"{PATH}/jobs", f"{PATH}/audit"):
        took = []
        for _ in range(5):
            before = time.perf_counter()
            assert visitor.get(path).status_code == 200
            took.append(time.perf_counter() - before)
        assert statistics.median(took) < 0.2, path


def test_a_new_directory_does_not_contradict_itself(site: Site) -> None:
    """Without a champion no model asks brands, and an endpoint that got nothing has acknowledged nothing."""
    visitor = visit_as(site, an_administrator(site))
    text = words(visitor.get(PATH).text)
    assert "No model is promoted yet. The starter scorecard scores listings." in text
    assert "Circuit breaker not in use No model scores yet, so none asks brands." in text
    assert "The model asks brands." not in text
    assert "No worker has reported yet, so nothing is sent." in text
    assert "two minutes" not in text
    with a_marketplace_that_listens(site):
        assert "so removals wait.not tested" in words(visitor.get(PATH).text)
        mark_endpoint_proven(site)
        assert "Webhook No message has been acknowledged by the endpoint yet.not used yet" in words(
            visitor.get(PATH).text
        )
        removal_by_brand(site, "MP-1")
        assert "Webhook The marketplace's endpoint responds.healthy" in words(visitor.get(PATH).text)
    put_champion_in_force(site)
    text = words(visitor.get(PATH).text)
    assert "Circuit breaker closed The model asks brands." in text
    assert "No model" not in text


def test_the_summary_of_health_is_that_of_its_rows(site: Site) -> None:
    visitor = visit_as(site, an_administrator(site))
    assert "Health some checks fail" in words(visitor.get(PATH).text)
    with a_marketplace_that_listens(site):
        mark_endpoint_proven(site)
        Presence(site.runtime).swept({}, 0.1)
        sign_head(site.runtime)
        text = words(visitor.get(PATH).text)
    assert "Health no check fails, some warn" in text
    assert "Health issue" not in text
