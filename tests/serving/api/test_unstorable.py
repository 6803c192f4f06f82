"""Characters that PostgreSQL cannot store are refused in every field of a request."""

import pytest
from fastapi.testclient import TestClient

from tests.fixtures.clients import key_headers, sign_in
from tests.fixtures.runtimes import Site, a_case

VERDICT = "/api/v1/cases/{case}/verdicts"
BODIES = [
    ("/api/v1/session", '{"email": "a%s@b.example", "password": "x"}'),
    ("/api/v1/session", '{"email": "a@b.example", "password": "x%s"}'),
    (VERDICT, '{"version_id": "{version}", "judgement": "genuine", "note": "a%s"}'),
    (VERDICT, '{"version_id": "a%s", "judgement": "genuine"}'),
]
PROMOTIONS = [("/api/v1/promotions", '{"digest": "a%s"}'), ("/api/v1/promotions", '{"reason": "a%s"}')]
NUL, HALF = "\\u0000", "\\ud800"


@pytest.mark.both_engines
def test_nul_and_half_a_pair_in_a_body_are_refused(any_client: TestClient, any_site: Site) -> None:
    case = a_case(any_site)
    for person, bodies in ((any_site.analyst, BODIES), (any_site.data_scientist, PROMOTIONS)):
        headers = {"content-type": "application/json", **sign_in(any_client, person)}
        for path, body in bodies:
            for character in (NUL, HALF):
                sent = (body % character).replace("{version}", case.version_id)
                answer = any_client.post(path.replace("{case}", case.case_id), content=sent, headers=headers)
                assert answer.status_code == 422, (sent, answer.text)


ADDRESSES = [
    ("GET", "/api/v1/listings/a%00"),
    ("GET", "/api/v1/listings/a%FF"),
    ("GET", "/api/v1/trainings/a%00"),
    ("POST", "/api/v1/cases/a%00/verdicts"),
    ("POST", "/api/v1/cases/a%00/undo"),
    ("GET", "/cases/a%00"),
    ("GET", "/setup/a%00"),
]


@pytest.mark.both_engines
def test_nul_in_an_address_leads_nowhere(any_client: TestClient, any_site: Site) -> None:
    headers = {**key_headers(any_site), **sign_in(any_client, any_site.analyst)}
    body = {"version_id": "ver_1", "judgement": "genuine"}
    statuses = {
        (method, path): any_client.request(
            method, path, headers=headers, json=body if method == "POST" else None
        ).status_code
        for method, path in ADDRESSES
    }
    assert statuses == dict.fromkeys(ADDRESSES, 404)


def test_letters_beyond_ascii_in_a_key_are_a_wrong_key(client: TestClient) -> None:
    assert client.get("/api/v1/figures", headers={b"authorization": b"Bearer tsk.\xff.\xff"}).status_code == 401


ROWS = {
    "a raw NUL": b'{"external_id": "MP-1", "title": "a\0"}',
    "NUL in the name of a field": b'{"external_id": "MP-1", "a\\u0000": 1}',
    "half a pair in the name of a field": b'{"external_id": "MP-1", "\\ud800": 1}',
    "half a pair in a value": b'{"external_id": "\\ud800", "title": "a"}',
    "bytes that are no UTF-8": b'{"external_id": "MP-1", "title": "\xff"}',
}


def test_a_listing_with_such_characters_is_quarantined_alone_and_in_a_batch(
    any_client: TestClient, any_site: Site
) -> None:
    events = 0
    for why, row in ROWS.items():
        for media_type, status in (("application/json", 422), ("application/x-ndjson", 200)):
            headers = {"content-type": media_type, **key_headers(any_site)}
            answer = any_client.post("/api/v1/listings", content=row, headers=headers)
            assert answer.status_code == status, (why, media_type, answer.text)
        body = b'{"events": [' + row + b"]}"
        headers = {"content-type": "application/json", **key_headers(any_site)}
        answer = any_client.post("/api/v1/seller-events", content=body, headers=headers)
        assert answer.status_code in {200, 422}, (why, answer.text)
        events += answer.json().get("quarantined", 0)
    assert events >= 2
