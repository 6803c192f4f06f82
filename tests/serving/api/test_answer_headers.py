"""Headers of responses: the request's number, and what a client may do next."""

from http.client import HTTPConnection
from typing import Any

import pytest
from fastapi.testclient import TestClient

from serving.api import errors
from serving.learning.service.learn import add_job
from serving.web.headers import static_address
from tests.fixtures.answering import answering_service
from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.runtimes import Site

REQUESTS = [
    ("GET", "/healthz", {}, 200, "an answer"),
    ("GET", "/nothing", {}, 404, "no route"),
    ("GET", "/nothing%00", {}, 404, "refused before the application"),
    ("PUT", "/api/v1/listings", {}, 405, "another method"),
    ("POST", "/api/v1/listings", {"content": b"[" * 6_000_000}, 413, "too long"),
    ("POST", "/api/v1/session", {"content": b"x", "headers": {"content-encoding": "gzip"}}, 415, "compressed"),
    ("GET", "/queue", {"headers": {"accept": "text/html"}}, 303, "a redirect"),
    ("GET", static_address("keys.js"), {}, 200, "a static file"),
    ("GET", "/static/none.js", {}, 404, "no static file"),
    ("GET", "/api/v1/figures", {}, 401, "no key"),
]


@pytest.mark.parametrize(("method", "path", "more", "status", "_why"), REQUESTS)
def test_every_answer_has_the_number_of_its_request(
    client: TestClient, method: str, path: str, more: dict[str, Any], status: int, _why: str
) -> None:
    answers = [client.request(method, path, follow_redirects=False, **more) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status] * 2
    first, second = (answer.headers["x-request-id"] for answer in answers)
    assert first != second


def test_an_unexpected_error_has_the_number_too(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("serving.api.status.service_figures", fail)
    answer = client.get("/api/v1/figures", headers=key_headers(site) | {"x-request-id": "their-own.number_1"})
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "their-own.number_1"


GIVEN = [
    ("a-1", True, "short and plain"),
    ("x" * 128, True, "the longest"),
    ("x" * 129, False, "too long to keep"),
    ("a b", False, "a blank"),
    ('{"a":1}', False, "punctuation of another language"),
    ("", False, "empty"),
]


@pytest.mark.parametrize(("number", "is_kept", "_why"), GIVEN)
def test_a_callers_own_number_is_kept_where_it_is_plain(
    client: TestClient, number: str, *, is_kept: bool, _why: str
) -> None:
    answer = client.get("/healthz", headers={"x-request-id": number})
    assert (answer.headers["x-request-id"] == number) is is_kept
    assert answer.headers["x-request-id"]


ALLOWED = [
    ("PUT", "/api/v1/listings", "POST"),
    ("PUT", "/api/v1/trainings", "GET, HEAD, POST"),
    ("GET", "/api/v1/actions/act_1/seller-link", "DELETE, POST"),
    ("DELETE", "/healthz", "GET, HEAD"),
    ("PUT", "/sign-in", "GET, HEAD, POST"),
]


@pytest.mark.parametrize(("method", "path", "allowed"), ALLOWED)
def test_a_refused_method_is_told_every_accepted_one(client: TestClient, method: str, path: str, allowed: str) -> None:
    for accept in ("application/json", "text/html"):
        answer = client.request(method, path, headers={"accept": accept})
        assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_every_address_that_answers_get_answers_head_without_the_body(site: Site) -> None:
    """Monitors and proxies ask so; over one connection, which a body would put out of step."""
    with answering_service(site.runtime) as address:
        connection = HTTPConnection(address.removeprefix("http://"))
        for path, status in (
            ("/sign-in", 200), ("/static/touchstone.css", 200), ("/api/v1/figures", 200),
            ("/healthz", 200), ("/operations", 303), ("/nowhere", 404), ("/api/v1/score", 405),
        ):  # fmt: skip
            answers = []
            for method in ("HEAD", "GET"):
                connection.request(method, path, headers={"accept": "text/html", **key_headers(site)})
                answer = connection.getresponse()
                body = answer.read()
                answers.append((answer.status, answer.headers["content-type"], answer.headers["content-length"]))
                assert (body == b"") is (method == "HEAD" or status == 303)
            assert answers[0] == answers[1], path
            assert answers[0][0] == status
        connection.close()


UNKNOWN = [
    ({}, 'Bearer realm="touchstone"', "nothing"),
    ({"authorization": "Bearer tsk.a.b"}, 'Bearer realm="touchstone", error="invalid_token"', "a key that is none"),
]


@pytest.mark.parametrize(("headers", "challenge", "_why"), UNKNOWN)
@pytest.mark.parametrize("path", ["/api/v1/figures", "/api/v1/cases"])
def test_a_refused_caller_is_told_how_to_authenticate(
    client: TestClient, path: str, headers: dict[str, str], challenge: str, _why: str
) -> None:
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, challenge)


def test_a_conflict_that_passes_is_told_with_the_time_to_wait(client: TestClient, site: Site) -> None:
    csrf = sign_in(client, site.data_scientist)
    with site.runtime.store.write() as connection:
        add_job(site.runtime, connection, site.marketplace_id, by="test")
    answer = client.post("/api/v1/trainings", headers=csrf)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "60")


def test_a_conflict_that_stays_is_told_without_a_time_to_wait(client: TestClient, site: Site) -> None:
    answer = client.delete("/api/v1/promotions/latest", headers=sign_in(client, site.data_scientist))
    assert answer.status_code == 409
    assert "retry-after" not in answer.headers


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/readyz"])
def test_a_supervisor_can_ask_for_the_head_of_a_health_answer(client: TestClient, path: str) -> None:
    whole, head = client.get(path), client.head(path)
    assert (whole.status_code, head.status_code) == (200, 200)
    assert head.content == b""
    assert head.headers["content-length"] == whole.headers["content-length"]


def test_every_refusal_with_a_time_to_wait_says_it() -> None:
    """A class of refusals that are worth repeating names the seconds; the others name none."""
    waiting = {kind.__name__ for kind in errors.STATUS if kind.retry_after_seconds is not None}
    assert waiting == {"HashingBusy", "TooManyNotices", "Unavailable"}
