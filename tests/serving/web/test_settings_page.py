from datetime import UTC, datetime

import pytest

from serving.accounts.service import auth
from serving.guards import COOKIE
from serving.platform.display import Display, showing_as, time_zones
from serving.web.wording import words as in_words
from tests.fixtures.runtimes import PASSWORD, Site, a_case
from tests.serving.web.visits import Visitor, visit_as, words

SUMMER = datetime(2026, 7, 13, 22, 30, tzinfo=UTC)
CHOICE = {"time_zone": "Europe/Madrid", "language": "es", "density": "roomy", "theme": "dark", "letter_keys": "on"}


@pytest.fixture
def analyst(site: Site) -> Visitor:
    return visit_as(site, site.analyst)


@pytest.mark.parametrize(
    ("time_zone", "moment", "zone", "_why"),
    [
        ("UTC", "22:30", "UTC", "as stored"),
        ("Europe/Madrid", "00:30", "CEST", "both are the next day there, so that no date is needed"),
        ("Asia/Kolkata", "04:00", "IST", "half an hour counts"),
        ("America/Sao_Paulo", "19:30", "UTC−03", "a zone without letters of its own"),
        ("Nowhere/Atlantis", "22:30", "UTC", "a zone that this machine no longer knows is not guessed"),
    ],
)
def test_a_time_is_written_in_the_readers_zone(time_zone: str, moment: str, zone: str, _why: str) -> None:
    with showing_as(Display(time_zone)):
        assert (in_words.moment(SUMMER, SUMMER), in_words.zone(SUMMER)) == (moment, zone)


def test_a_date_stands_where_it_is_another_day_for_the_reader() -> None:
    evening, night = datetime(2026, 12, 31, 22, 30, tzinfo=UTC), datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert in_words.moment(evening, night) == "22:30"
    with showing_as(Display("Europe/Madrid")):
        assert in_words.moment(evening, night) == "31 Dec 2026 23:30"
        assert in_words.full_moment(night) == "1 January 2027, 00:30 CET"


def test_the_zones_to_choose_from_are_places_and_utc() -> None:
    assert time_zones()[0] == "UTC"
    assert {"Europe/Madrid", "Asia/Shanghai", "Europe/Moscow", "America/Argentina/Buenos_Aires"} < set(time_zones())
    assert not {"EST", "Etc/GMT+3", "US/Eastern", "GMT", "posixrules"} & set(time_zones())


def test_what_is_chosen_holds_on_every_page_and_device(site: Site, analyst: Visitor) -> None:
    case = a_case(site)
    assert "UTC" in words(analyst.get(f"/cases/{case.case_id}").text)
    assert analyst.post("/settings", CHOICE).headers["location"] == "/settings"
    elsewhere = visit_as(site, site.analyst).get(f"/cases/{case.case_id}").text
    assert '<html lang="en" data-theme="dark" data-density="roomy" data-letter-keys="on">' in elsewhere
    assert "CET" in words(elsewhere)
    assert "UTC" not in words(elsewhere)


def test_nobody_elses_pages_change(site: Site, analyst: Visitor) -> None:
    analyst.post("/settings", CHOICE)
    other = visit_as(site, site.second_analyst).get("/queue").text
    assert 'data-theme="auto" data-density="comfortable"' in other
    assert "CET" not in words(other)


def test_the_page_says_what_time_it_is_then_and_what_is_chosen(analyst: Visitor) -> None:
    analyst.post("/settings", CHOICE)
    text = analyst.get("/settings").text
    assert "Guardado. Desde ahora las páginas se muestran así." in text
    assert '<option value="Europe/Madrid" selected>Madrid</option>' in text
    assert '<option value="es" selected>Español</option>' in text
    assert "CET" in words(text)
    assert "Ines Moreau" in words(text)
    assert "analista" in words(text)


def test_an_empty_box_is_off(analyst: Visitor) -> None:
    without = {name: choice for name, choice in CHOICE.items() if name != "letter_keys"}
    analyst.post("/settings", without)
    assert 'data-letter-keys="off"' in analyst.get("/queue").text


@pytest.mark.parametrize(
    ("field", "choice"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("language", "xx"),
        ("density", ""),
        ("theme", "x"),
    ],
)
def test_what_cannot_be_chosen_changes_nothing_and_says_so(analyst: Visitor, field: str, choice: str) -> None:
    analyst.post("/settings", CHOICE)
    answer = analyst.post("/settings", CHOICE | {"density": "comfortable", field: choice})
    assert answer.status_code == 422
    assert "No se ha guardado nada." in words(answer.text)
    assert 'data-density="roomy"' in analyst.get("/queue").text


def test_the_switch_in_the_bar_changes_one_thing_and_leads_back(analyst: Visitor) -> None:
    analyst.post("/settings", CHOICE)
    answer = analyst.post("/settings/quick", {"theme": "light", "next": "/pending-removals"})
    assert answer.headers["location"] == "/pending-removals"
    assert 'data-theme="light" data-density="roomy" data-letter-keys="on"' in analyst.get("/pending-removals").text
    assert analyst.post("/settings/quick", {"next": "//elsewhere.example"}).headers["location"] == "/"


def test_a_page_that_is_not_there_is_written_for_the_reader_too(analyst: Visitor) -> None:
    analyst.post("/settings", CHOICE)
    answer = analyst.get("/nothing-here")
    assert answer.status_code == 404
    assert 'data-theme="dark"' in answer.text
    assert "CET" in words(answer.text)


def test_one_readers_zone_does_not_reach_the_next_request(site: Site, analyst: Visitor) -> None:
    analyst.post("/settings", CHOICE)
    other = auth.sign_in(site.runtime, site.second_analyst.email, PASSWORD).token
    with analyst.client:  # One thread answers both.
        assert "CET" in words(analyst.get("/queue").text)
        analyst.client.cookies.clear()
        analyst.client.cookies.set(COOKIE, other)
        assert "UTC" in words(analyst.get("/queue").text)
