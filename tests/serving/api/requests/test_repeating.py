"""Idempotency-Key: a client that does not know whether its request arrived sends it again, and it counts once."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from serving.accounts.rules.access import Scope
from serving.accounts.service import provisioning
from serving.api.requests.repeating import REPLAYED, SECRET, RepeatableRoute
from serving.app import create_app
from serving.appeals.tables import appeal
from serving.cases.tables import verdict
from serving.listings.service.intake import receive_rows
from serving.listings.tables import listing
from serving.platform.database.faults import DatabaseFull
from serving.platform.database.locks import wait_for_lock
from serving.platform.database.store import Store
from serving.platform.idempotency import store
from serving.platform.idempotency.service import (
    Reply,
    RequestInProgress,
    claim_or_reply,
    delete_expired,
    free_key,
    make_repeatable,
    recording_work,
    save_reply,
)
from serving.platform.idempotency.tables import idempotency_key
from serving.platform.runtime import Runtime
from tests.fixtures.clients import a_client, key_headers, sign_in
from tests.fixtures.postgres import Postgres
from tests.fixtures.processes import a_process
from tests.fixtures.reporting import a_marketplace_that_listens, removal_by_brand
from tests.fixtures.runtimes import PopulatedDatabase, Site, a_case, a_row, copy_on_postgres
from tests.serving.web.reports import admit_model

KEY = {"idempotency-key": "7a3e-1"}


def assert_same(first: Response, again: Response) -> None:
    """The second is the stored response of the first."""
    assert first.status_code in {200, 201, 202}, first.text
    assert REPLAYED not in first.headers
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers[REPLAYED] == "true"
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]


def test_a_repeated_verdict_is_answered_as_the_first_and_counts_once(client: TestClient, site: Site) -> None:
    case = a_case(site)
    headers = sign_in(client, site.analyst)
    path, before = f"/api/v1/cases/{case.case_id}/verdicts", site.count(verdict)
    body = {"version_id": case.version_id, "judgement": "genuine"}
    assert_same(*(client.post(path, json=body, headers=headers | KEY) for _ in range(2)))
    assert site.count(verdict) == before + 1
    without = client.post(path, json=body, headers=headers)
    assert without.status_code == 409, "without a key it is another request"


def test_a_repeated_appeal_is_answered_as_the_first(client: TestClient, site: Site) -> None:
    with a_marketplace_that_listens(site):
        removal_by_brand(site, "MP-77")
    body = {"external_id": "a-1", "listing_external_id": "MP-77", "statement": "These goods are genuine."}
    headers = key_headers(site) | KEY
    assert_same(*(client.post("/api/v1/appeals", json=body, headers=headers) for _ in range(2)))
    assert site.count(appeal) == 1


def test_a_repeated_approval_of_a_model_is_answered_as_the_first(client: TestClient, site: Site) -> None:
    digest = admit_model(site)
    headers = sign_in(client, site.data_scientist) | KEY
    assert_same(
        *(client.post("/api/v1/promotions", json={"digest": digest, "reason": "x"}, headers=headers) for _ in range(2))
    )


def test_a_repeated_training_is_answered_as_the_first(client: TestClient, site: Site) -> None:
    headers = sign_in(client, site.data_scientist)
    assert_same(*(client.post("/api/v1/trainings", headers=headers | KEY) for _ in range(2)))


def test_a_repeated_training_of_a_program_is_answered_as_the_first(client: TestClient, site: Site) -> None:
    key = provisioning.add_key(site.runtime, name="t", scopes=(Scope.TRAIN,), marketplace=None, by="test")
    headers = {"authorization": f"Bearer {key}"} | KEY
    assert_same(*(client.post("/api/v1/trainings", headers=headers) for _ in range(2)))


def test_a_repeated_listing_is_answered_as_the_first_created(client: TestClient, site: Site) -> None:
    headers = key_headers(site) | KEY
    assert_same(*(client.post("/api/v1/listings", json=a_row(), headers=headers) for _ in range(2)))


def test_a_refused_listing_that_is_in_quarantine_is_refused_alike(client: TestClient, site: Site) -> None:
    headers = key_headers(site) | KEY
    first, again = (client.post("/api/v1/listings", json=a_row(price="none"), headers=headers) for _ in range(2))
    assert first.status_code == 422
    assert (again.status_code, again.content, again.headers[REPLAYED]) == (422, first.content, "true")


def test_a_key_with_another_request_is_refused(client: TestClient, site: Site) -> None:
    headers = key_headers(site) | KEY
    assert client.post("/api/v1/listings", json=a_row(), headers=headers).status_code == 201
    others = [
        client.post("/api/v1/listings", json=a_row(price="1.00"), headers=headers),
        client.post("/api/v1/listings?x=1", json=a_row(), headers=headers),
        client.post("/api/v1/seller-events", json=a_row(), headers=headers),
    ]
    assert {(answer.status_code, answer.json()["error"]["code"]) for answer in others} == {
        (422, "idempotency_key_reused")
    }


def test_two_callers_may_use_the_same_key(client: TestClient, site: Site) -> None:
    other = provisioning.add_key(site.runtime, name="t", scopes=(Scope.INTAKE,), marketplace=None, by="test")
    both = [key_headers(site), {"authorization": f"Bearer {other}"}]
    answers = [client.post("/api/v1/listings", json=a_row(), headers=caller | KEY) for caller in both]
    assert [answer.status_code for answer in answers] == [201, 200]


def test_a_stranger_learns_nothing_by_a_key(client: TestClient, site: Site) -> None:
    assert client.post("/api/v1/listings", json=a_row(), headers=key_headers(site) | KEY).status_code == 201
    assert client.post("/api/v1/listings", json=a_row(), headers=KEY).status_code == 401


def test_a_refusal_that_stored_nothing_is_tried_again(client: TestClient, site: Site) -> None:
    headers = sign_in(client, site.analyst)
    case = a_case(site)
    path = f"/api/v1/cases/{case.case_id}/verdicts"
    wrong = {"version_id": "ver_1", "judgement": "genuine"}
    right = {"version_id": case.version_id, "judgement": "genuine"}
    assert client.post(path, json=wrong, headers=headers | KEY).status_code == 409
    assert client.post(path, json={"no": 1}, headers=headers | KEY).status_code == 422
    assert client.post(path, json=right, headers=headers | KEY).status_code == 201


KEYS = [("", 422, "empty"), ("x" * 255, 201, "the longest"), ("x" * 256, 422, "too long"), ("a\tb", 422, "a tab")]


@pytest.mark.parametrize(("key", "status", "_why"), KEYS)
def test_a_key_is_short_plain_text(client: TestClient, site: Site, key: str, status: int, _why: str) -> None:
    answer = client.post("/api/v1/listings", json=a_row(), headers=key_headers(site) | {"idempotency-key": key})
    assert answer.status_code == status


@pytest.mark.parametrize(("method", "path"), sorted(SECRET))
def test_a_response_with_a_secret_is_not_kept(client: TestClient, site: Site, method: str, path: str) -> None:
    scopes = (Scope.INTAKE, Scope.ENDPOINTS)
    key = provisioning.add_key(site.runtime, name="t", scopes=scopes, marketplace=None, by="test")
    headers = {"authorization": f"Bearer {key}"} | KEY
    answer = client.request(method, path.format(action_id="act_1", endpoint_id="end_1"), headers=headers, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid")
    assert site.count(idempotency_key) == 0


def test_every_operation_that_changes_something_can_be_repeated(site: Site) -> None:
    """But those that store nothing for a caller: sign-in and public notices, a score, the simulated clock."""
    without = {
        f"{method} {getattr(route, 'path', '')}"
        for route in create_app(site.runtime).routes
        for method in (getattr(route, "methods", None) or set()) - {"GET", "HEAD"}
        if str(getattr(route, "path", "")).startswith("/api/") and not isinstance(route, RepeatableRoute)
    }
    assert without == {"POST /api/v1/score", "POST /api/v1/clock"}


@pytest.mark.both_engines
def test_of_requests_at_once_with_one_key_one_does_the_work(any_site: Site) -> None:
    case = a_case(any_site)
    client = a_client(any_site.runtime)
    headers = sign_in(client, any_site.analyst) | KEY
    path, before = f"/api/v1/cases/{case.case_id}/verdicts", any_site.count(verdict)
    body = {"version_id": case.version_id, "judgement": "genuine"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.post(path, json=body, headers=headers), range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert len({answer.content for answer in done}) == 1, [answer.text for answer in answers]
    assert [REPLAYED in answer.headers for answer in done].count(False) == 1
    assert {(answer.json()["error"]["code"], answer.headers.get("retry-after")) for answer in waiting} <= {
        ("idempotency_in_progress", "1")
    }
    assert any_site.count(verdict) == before + 1
    assert_same(
        next(answer for answer in done if REPLAYED not in answer.headers), client.post(path, json=body, headers=headers)
    )


@pytest.fixture
def begun_request(site: Site) -> store.RepeatableRequest:
    """A request that a process had begun when it was killed."""
    request = make_repeatable("key:1", "k", "POST", "/x?", b"{}")
    assert claim_or_reply(site.runtime, request) is None
    return request


def set_time(site: Site, monkeypatch: pytest.MonkeyPatch, later: timedelta) -> None:
    moment = site.runtime.wall.now() + later
    monkeypatch.setattr(type(site.runtime.wall), "now", lambda _: moment)


@contextmanager
def another_process(site: Site) -> Iterator[Runtime]:
    """A process on the database of a site: on PostgreSQL beside the first, on SQLite after it."""
    store_of_process = Store(site.runtime.store.url)
    yield replace(site.runtime, store=store_of_process)
    store_of_process.close()


def test_a_slow_process_keeps_its_claim(
    site: Site, begun_request: store.RepeatableRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_time(site, monkeypatch, timedelta(hours=25))
    with pytest.raises(RequestInProgress, match="in progress"):
        claim_or_reply(site.runtime, begun_request)
    free_key(site.runtime, begun_request)
    assert claim_or_reply(site.runtime, begun_request) is None


def test_a_request_of_the_process_that_owned_the_home_before_is_taken_over_at_once(
    site: Site, begun_request: store.RepeatableRequest
) -> None:
    with another_process(site) as restarted:
        assert claim_or_reply(restarted, begun_request) is None
        with pytest.raises(RequestInProgress, match="in progress"):
            claim_or_reply(restarted, begun_request)


def test_a_request_whose_process_was_killed_after_it_had_stored_its_work_is_not_done_again(
    site: Site, begun_request: store.RepeatableRequest
) -> None:
    site.write(store.mark_stored, begun_request)
    with another_process(site) as restarted:
        for _ in range(2):
            with pytest.raises(Exception, match="its response was lost"):
                claim_or_reply(restarted, begun_request)


@pytest.fixture
def on_postgres(tmp_path: Path, populated_postgres: PopulatedDatabase, postgres: Postgres) -> Iterator[Site]:
    with copy_on_postgres(tmp_path, populated_postgres, postgres) as copied_site:
        yield copied_site


def a_request() -> store.RepeatableRequest:
    return make_repeatable("key:1", "k", "POST", "/x?", b"{}")


def wait_for_the_end_of_its_session(site: Site) -> None:
    """The server ends a session some time after its process has ended; it gives the lock to who waits for it."""
    site.write(wait_for_lock, a_request().lock)


def test_a_claim_ends_with_the_session_of_its_process_and_not_before(on_postgres: Site) -> None:
    with another_process(on_postgres) as killed:
        assert claim_or_reply(killed, a_request()) is None
        with pytest.raises(RequestInProgress):
            claim_or_reply(on_postgres.runtime, a_request())
        with pytest.raises(RequestInProgress):
            claim_or_reply(killed, a_request())
    wait_for_the_end_of_its_session(on_postgres)
    assert claim_or_reply(on_postgres.runtime, a_request()) is None


def end_sessions(site: Site) -> None:
    """End the sessions that have locks, as a restart of the server or a cut network does."""
    with site.runtime.store.read() as connection:
        connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_locks WHERE locktype = 'advisory' "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )


@pytest.mark.soak
def test_a_process_whose_session_was_cut_takes_its_claims_again(on_postgres: Site) -> None:
    with another_process(on_postgres) as other:
        assert claim_or_reply(other, a_request()) is None
        end_sessions(on_postgres)
        assert claim_or_reply(other, make_repeatable("key:1", "another", "POST", "/x?", b"{}")) is None
        with pytest.raises(RequestInProgress):
            claim_or_reply(on_postgres.runtime, a_request())


@pytest.mark.soak
def test_work_whose_claim_was_taken_over_is_not_stored(on_postgres: Site) -> None:
    """Its session was cut, and a repetition came before the next one."""
    slow, repetition = a_request(), a_request()
    with another_process(on_postgres) as cut:
        assert claim_or_reply(cut, slow) is None
        end_sessions(on_postgres)
        assert claim_or_reply(on_postgres.runtime, repetition) is None
        before = on_postgres.count(listing)
        with recording_work(slow), pytest.raises(RequestInProgress, match="has taken this request over"):
            receive_rows(cut, on_postgres.marketplace, [a_row()], source="test")
        assert on_postgres.count(listing) == before
        save_reply(cut, slow, Reply(201, "{}"))
        free_key(cut, slow)
    with pytest.raises(RequestInProgress):
        claim_or_reply(on_postgres.runtime, a_request())


def begins(runtime: Runtime, _request: object, _pipe: object) -> bool:
    return claim_or_reply(runtime, a_request()) is None


@pytest.mark.soak
def test_a_repetition_for_a_process_that_was_killed_does_the_work_within_ten_seconds(on_postgres: Site) -> None:
    with a_process(begins, on_postgres.runtime.settings) as process:
        assert process.ask(None, on_postgres.clock.now())
        with pytest.raises(RequestInProgress):
            claim_or_reply(on_postgres.runtime, a_request())
        process.kill()
        began = time.monotonic()
        wait_for_the_end_of_its_session(on_postgres)
        assert claim_or_reply(on_postgres.runtime, a_request()) is None
        assert time.monotonic() - began < 10


def test_a_key_is_kept_for_a_day(
    site: Site, begun_request: store.RepeatableRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_reply(site.runtime, begun_request, Reply(201, "{}"))
    set_time(site, monkeypatch, timedelta(hours=23, minutes=59))
    assert delete_expired(site.runtime) == 0
    assert claim_or_reply(site.runtime, begun_request) is not None
    set_time(site, monkeypatch, timedelta(minutes=2))
    assert claim_or_reply(site.runtime, begun_request) is None, "before any sweep too"
    set_time(site, monkeypatch, timedelta(hours=24, minutes=1))
    assert delete_expired(site.runtime) == 1
    assert site.count(idempotency_key) == 0


def test_a_response_that_cannot_be_stored_is_sent_all_the_same(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fills between the work and the response."""

    def full(*_: object) -> None:
        raise DatabaseFull

    monkeypatch.setattr(store, "save_reply", full)
    headers = key_headers(site) | KEY
    assert client.post("/api/v1/listings", json=a_row(), headers=headers).status_code == 201
    later = client.post("/api/v1/listings", json=a_row(), headers=headers)
    assert (later.status_code, later.json()["error"]["code"]) == (409, "idempotency_response_lost")
