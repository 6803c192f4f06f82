import re

import pytest
from fastapi import Request

from serving.app import create_app
from serving.web.forms import local_path
from tests.browser.every_page import PAGES
from tests.fixtures.runtimes import PASSWORD, Site
from tests.serving.web.visits import PAGE, a_visitor, visit_as, words

STARTS = {"analyst": "/queue", "brand_person": "/brand", "account_manager": "/brands", "data_scientist": "/models"}


@pytest.mark.parametrize(("role", "start"), STARTS.items())
def test_each_role_begins_at_its_own_page(site: Site, role: str, start: str) -> None:
    assert visit_as(site, getattr(site, role)).get("/").headers["location"] == start


def test_a_page_without_a_session_leads_to_the_form_and_back(site: Site) -> None:
    visitor = a_visitor(site)
    turned_away = visitor.get("/queue?lane=audit")
    assert turned_away.status_code == 303
    assert turned_away.headers["location"] == "/sign-in?next=%2Fqueue%3Flane%3Daudit"
    assert 'name="next" value="/queue?lane=audit"' in visitor.get(turned_away.headers["location"]).text
    fields = {"email": site.analyst.email, "password": PASSWORD, "next": "/queue?lane=audit"}
    assert visitor.post("/sign-in", fields).headers["location"] == "/queue?lane=audit"


def test_a_wrong_password_keeps_the_address_and_does_not_say_which_was_wrong(site: Site) -> None:
    answers = [
        a_visitor(site).post("/sign-in", {"email": email, "password": "not the right one"})
        for email in (site.analyst.email, "nobody@touchstone.example")
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
    assert all("The e-mail or the password is wrong." in words(answer.text) for answer in answers)
    assert f'value="{site.analyst.email}"' in answers[0].text
    assert "not the right one" not in answers[0].text


@pytest.fixture
def handler_request(site: Site) -> Request:
    """A request as a handler of the application gets it."""
    return Request({"type": "http", "app": create_app(site.runtime)})


def test_every_page_that_somebody_may_stand_on_is_gone_back_to(handler_request: Request) -> None:
    pages = [re.sub(r"\{\w+(:\w+)?\}", "a_1.b-2", page.route) for page in PAGES]
    pages += ["/queue?lane=audit", f"/search?q={'%D1%81' * 200}"]
    assert [(page, local_path(handler_request, page)) for page in pages] == [(page, page) for page in pages]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/queue",
        "/queue\\@evil",
        "/models/promote",
        "/api/v1/listings",
        "/queue\n",
        "javascript:alert(1)",
        "",
    ],
)
def test_what_is_no_page_of_ours_is_never_gone_on_to(site: Site, elsewhere: str) -> None:
    fields = {"email": site.analyst.email, "password": PASSWORD, "next": elsewhere}
    assert a_visitor(site).post("/sign-in", fields).headers["location"] == "/"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "null"}, 303),  # What Chromium sends under our referrer policy.
        ({"origin": "http://testserver"}, 303),
        ({}, 303),
    ],
)
def test_a_sign_in_that_another_site_sends_is_refused(site: Site, headers: dict[str, str], status: int) -> None:
    fields = {"email": site.analyst.email, "password": PASSWORD}
    assert a_visitor(site).post("/sign-in", fields, **headers).status_code == status


def test_who_is_signed_in_does_not_see_the_form_again(site: Site) -> None:
    assert visit_as(site, site.analyst).get("/sign-in").headers["location"] == "/"


def test_the_cookie_is_not_for_scripts_nor_for_other_sites(site: Site) -> None:
    answer = a_visitor(site).post("/sign-in", {"email": site.analyst.email, "password": PASSWORD})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_signing_out_ends_the_session_for_a_copy_of_the_cookie_too(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    copy = dict(visitor.client.cookies)
    assert visitor.post("/sign-out").headers["location"] == "/sign-in"
    thief = a_visitor(site)
    thief.client.cookies.update(copy)
    assert thief.get("/queue").status_code == 303


def test_signing_out_needs_the_token_of_the_session(site: Site) -> None:
    visitor = visit_as(site, site.analyst)
    visitor.csrf_token = "guessed"
    assert visitor.post("/sign-out").status_code == 403
    assert visitor.get("/queue").status_code == 200


def test_characters_that_no_database_holds_are_refused_before_any_is_asked(site: Site) -> None:
    answer = a_visitor(site).client.post("/sign-in", data={"email": "a\0b@x", "password": "x"}, headers=PAGE)
    assert answer.status_code == 422
