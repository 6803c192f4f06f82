"""Bodies that cost much to read: refused by size before anybody is known, and by their lines before they are parsed."""

import json

import pytest
from fastapi.testclient import TestClient

from serving.api import bodies
from tests.fixtures.clients import key_headers
from tests.fixtures.runtimes import Site

pytestmark = pytest.mark.attack

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}
PUBLIC = [
    ("/api/v1/session", JSON, 16_000),
    ("/sign-in", FORM, 16_000),
    ("/setup/token", FORM, 16_000),
    ("/join/token", FORM, 16_000),
    ("/reset/token", FORM, 16_000),
    ("/notice", FORM, 300_000),
    ("/notice/token", FORM, 300_000),
    ("/notice/token/documents", FORM, 16_000_000),
    ("/api/v1/notices", JSON, 1_000_000),
]


@pytest.mark.parametrize(("path", "headers", "cap"), PUBLIC, ids=[row[0] for row in PUBLIC])
def test_a_public_route_reads_no_more_than_a_person_can_mean(
    client: TestClient, path: str, headers: dict[str, str], cap: int
) -> None:
    assert client.post(path, content=b" " * (cap + 1), headers=headers).status_code == 413
    assert client.post(path, content=b" " * cap, headers=headers).status_code != 413


def test_the_longest_notice_on_the_page_fits(client: TestClient) -> None:
    """Nine bytes a character, as a browser sends the longest letters."""
    fields = {"explanation": "意" * 5_000, "locations": "意" * 22_000, "name": "意" * 200, "email": "a" * 320}
    assert client.post("/notice", data=fields).status_code != 413


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"{\n" * 11_000, "11,000 lines; a batch has at most 1,000 rows."),
        (b"{\n" * 1_001, "1,001 rows; a batch has at most 1,000."),
    ],
)
def test_lines_are_counted_before_they_are_parsed(client: TestClient, site: Site, body: bytes, sentence: str) -> None:
    """Each would be refused as a row of its own if it were parsed."""
    headers = {**key_headers(site), "content-type": "application/x-ndjson"}
    answer = client.post("/api/v1/listings", content=body, headers=headers)
    assert (answer.status_code, answer.json()["error"]["sentence"]) == (422, sentence)


def test_a_large_batch_is_read_as_a_small_one_is(client: TestClient, site: Site) -> None:
    rows = [json.dumps({"external_id": f"MP-{n}", "title": "tote " * 20, "seller": {}}) for n in range(1_000)]
    for body, media_type in ((f"[{','.join(rows)}]", "application/json"), ("\n".join(rows), "application/x-ndjson")):
        answer = client.post(
            "/api/v1/listings", content=body.encode(), headers={**key_headers(site), "content-type": media_type}
        )
        assert len(body) > 64_000
        assert len(answer.json()["rows"]) == 1_000


CROWDED = [
    (b"[" + b"{}," * 1_600_000 + b"{}]", "application/json", "rows without a field"),
    (b'{"title": [' + b"0," * 2_400_000 + b"0]}", "application/json", "numbers within a row"),
    (b"[" + b"[]," * 1_600_000 + b"[]]", "application/x-ndjson", "lists in a line"),
]


@pytest.mark.parametrize(("body", "media_type", "why"), CROWDED)
def test_a_body_of_a_million_values_is_refused_before_an_object_is_made_of_each(
    client: TestClient, site: Site, monkeypatch: pytest.MonkeyPatch, body: bytes, media_type: str, why: str
) -> None:
    monkeypatch.setattr(bodies, "parse_json", lambda _body: pytest.fail("it is parsed"))
    answer = client.post("/api/v1/listings", content=body, headers={**key_headers(site), "content-type": media_type})
    assert answer.status_code == 422
    assert answer.json()["error"]["sentence"].startswith("The request body has more than 250,000 values.")


def test_a_body_that_fastapi_reads_for_a_stranger_is_refused_as_early(client: TestClient) -> None:
    for body in (CROWDED[0][0], b"[" * 5_000, b'"\xff"', b"9" * 5_000):
        answer = client.post("/api/v1/brand/reports", content=body, headers=JSON)
        assert (answer.status_code, answer.json()["error"]["sentence"]) == (
            422,
            "The request body cannot be read as JSON.",
        )


def test_texts_may_have_as_many_marks_as_they_like(client: TestClient, site: Site) -> None:
    answer = client.post("/api/v1/listings", json=[{"title": '"[{,' * 4_000}] * 25, headers=key_headers(site))
    assert (answer.status_code, len(answer.json()["rows"])) == (200, 25)
