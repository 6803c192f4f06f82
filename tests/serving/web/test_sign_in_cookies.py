"""Cookies of a sign-in over https and http, and where a sign-in comes from, as a browser and a proxy send it."""

from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from serving.app import create_app
from serving.guards import CSRF_HEADER
from serving.platform.runtime import Runtime
from tests.fixtures.answering import answering_service
from tests.fixtures.runtimes import PASSWORD, Site

pytestmark = pytest.mark.attack

HTTPS = "https://touchstone.bazaar.example"
ATTRIBUTES = {"secure", "httponly", "samesite=strict", "path=/"}


def with_settings(site: Site, **changes: object) -> Runtime:
    return replace(site.runtime, settings=site.runtime.settings.model_copy(update=changes))


def attributes(header: str) -> set[str]:
    return {part.strip().lower() for part in header.split(";")[1:]}


@pytest.fixture
def browser(site: Site) -> Iterator[TestClient]:
    with TestClient(
        create_app(with_settings(site, public_url=HTTPS)), base_url=HTTPS, follow_redirects=False
    ) as client:
        yield client


def cookies_by_name(answer: Any) -> dict[str, str]:
    """The Set-Cookie headers by the cookie's name."""
    return {next(iter(SimpleCookie(header))): header for header in answer.headers.get_list("set-cookie")}


def begin_session(browser: TestClient, site: Site) -> str:
    answer = browser.post("/api/v1/session", json={"email": site.analyst.email, "password": PASSWORD})
    csrf_token: str = answer.json()["csrf_token"]
    return csrf_token


def test_both_cookies_are_set_for_this_host_over_https_alone(browser: TestClient, site: Site) -> None:
    cookies = cookies_by_name(browser.post("/sign-in", data={"email": site.analyst.email, "password": PASSWORD}))
    assert set(cookies) == {"__Host-touchstone_session", "__Host-touchstone_devices"}
    for header in cookies.values():
        assert attributes(header) >= ATTRIBUTES
        assert "domain" not in header.lower()


def test_signing_out_deletes_the_cookie_in_the_only_way_that_a_browser_accepts(browser: TestClient, site: Site) -> None:
    """A browser ignores a Set-Cookie of a __Host- name without Secure, or with another path than /."""
    for method, path in (("POST", "/sign-out"), ("DELETE", "/api/v1/session")):
        cookies = cookies_by_name(browser.request(method, path, headers={CSRF_HEADER: begin_session(browser, site)}))
        assert set(cookies) == {"__Host-touchstone_session"}, "the browser stays known"
        header = cookies["__Host-touchstone_session"]
        assert attributes(header) >= {*ATTRIBUTES, "max-age=0"}
        assert "domain" not in header.lower()
        assert "__Host-touchstone_session" not in browser.cookies


def test_a_sentence_that_was_shown_is_deleted_with_the_attributes_of_its_cookie(
    browser: TestClient, site: Site
) -> None:
    response = browser.post("/settings", data={"time_zone": "UTC"}, headers={CSRF_HEADER: begin_session(browser, site)})
    (name,) = cookies_by_name(response)
    gone = cookies_by_name(browser.get("/settings"))[name]
    assert attributes(gone) >= {"secure", "httponly", "samesite=strict", "path=/", "max-age=0"}


def test_a_page_says_how_long_to_wait_and_the_api_too(site: Site) -> None:
    browser = TestClient(create_app(site.runtime), client=("203.0.113.1", 4_000))
    wrong = {"email": site.analyst.email, "password": "not the right one"}
    assert [browser.post("/sign-in", data=wrong).status_code for _ in range(6)] == [401] * 5 + [429]
    page = browser.post("/sign-in", data=wrong)
    assert "Too many wrong passwords were tried. Try again in" in page.text
    answer = browser.post("/api/v1/session", json=wrong)
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "too_many_attempts")
    assert 0 < int(answer.headers["retry-after"]) == int(page.headers["retry-after"]) <= 3_600


def statuses(address: str, site: Site, forwarded: list[str]) -> list[int]:
    wrong = {"email": site.analyst.email, "password": "not the right one"}
    return [
        httpx.post(f"{address}/api/v1/session", json=wrong, headers={"x-forwarded-for": header}).status_code
        for header in forwarded
    ]


def test_whoever_writes_an_address_into_a_header_is_not_believed(site: Site) -> None:
    with answering_service(site.runtime) as address:
        assert statuses(address, site, [f"203.0.113.{number}" for number in range(6)]) == [401] * 5 + [429]


def test_the_proxy_that_the_settings_name_is_believed_as_to_the_last_address(site: Site) -> None:
    """What a client writes itself comes first in the header; the proxy adds the address that it saw."""
    with answering_service(with_settings(site, public_url=HTTPS, trusted_proxies="127.0.0.1")) as address:
        headers = [f"10.0.0.{number}, 203.0.113.1" for number in range(6)]
        assert statuses(address, site, headers) == [401] * 5 + [429]
        assert statuses(address, site, ["203.0.113.2"]) == [401]


def test_behind_a_proxy_that_nobody_named_all_people_do_not_share_one_counter(site: Site) -> None:
    with answering_service(with_settings(site, public_url=HTTPS)) as address:
        wrong = [
            httpx.post(
                f"{address}/api/v1/session", json={"email": f"{number}@a.example", "password": "wrong"}, timeout=60
            )
            for number in range(60)
        ]
        assert {answer.status_code for answer in wrong} == {401}
