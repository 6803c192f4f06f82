import json
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.listings.store import listings
from tests.fixtures.clients import key_headers
from tests.fixtures.runtimes import Site, a_row

JSON = {"content-type": "application/json"}
NDJSON = {"content-type": "application/x-ndjson"}


def post(client: TestClient, site: Site, body: str | bytes, headers: dict[str, str] | None = None) -> Any:
    return client.post("/api/v1/listings", content=body, headers={**key_headers(site), **(headers or JSON)})


def quarantined_rows(site: Site) -> list[dict[str, Any]]:
    return site.read(listings.quarantined_rows, site.marketplace_id, 100)


@pytest.mark.both_engines
def test_a_new_listing_is_201_and_its_repeat_200(any_client: TestClient, any_site: Site) -> None:
    first, again = (post(any_client, any_site, json.dumps(a_row())) for _ in range(2))
    assert (first.status_code, first.json()["status"]) == (201, "accepted")
    assert (again.status_code, again.json()["status"]) == (200, "unchanged")


def test_the_answer_holds_no_score(client: TestClient, site: Site) -> None:
    assert set(post(client, site, json.dumps(a_row())).json()) == {"status", "external_id", "version", "route"}


def test_a_batch_answers_200_with_a_status_per_row(client: TestClient, site: Site) -> None:
    rows = [a_row(), a_row(external_id="MP-2", price="-1"), "no listing"]
    answer = post(client, site, json.dumps(rows))
    assert answer.status_code == 200
    assert [(row["status"], row.get("code")) for row in answer.json()["rows"]] == [
        ("accepted", None),
        ("quarantined", "negative"),
        ("quarantined", "wrong_type"),
    ]


def test_ndjson_keeps_the_rows_it_can_read_and_quarantines_the_others(client: TestClient, site: Site) -> None:
    lines = [json.dumps(a_row()), '{"external_id": "MP-2", "price": ', json.dumps(a_row(external_id="MP-3"))]
    answer = post(client, site, "\n".join(lines), NDJSON)
    assert [row["status"] for row in answer.json()["rows"]] == ["accepted", "quarantined", "accepted"]
    assert quarantined_rows(site)[0]["code"] == "bad_json"


def test_more_than_a_thousand_rows_are_refused_as_a_whole(client: TestClient, site: Site) -> None:
    answer = post(client, site, json.dumps([a_row(external_id=str(i)) for i in range(1_001)]))
    assert answer.status_code == 422
    assert "at most 1,000" in answer.json()["error"]["sentence"]


HOSTILE = {
    "NaN": ('"price": NaN', "not_finite"),
    "infinity": ('"price": Infinity', "not_finite"),
    "minus infinity": ('"price": -Infinity', "not_finite"),
    "1e999": ('"price": 1e999', "out_of_range"),
    "a negative price": ('"price": -0.01', "negative"),
    "an absurd price": ('"price": 1e15', "out_of_range"),
    "a price with 400 digits": (f'"price": {"9" * 400}', "out_of_range"),
    "a truth value for a price": ('"price": true', "wrong_type"),
    "a list for a title": ('"title": ["a"]', "wrong_type"),
    "a small currency code": ('"currency": "eur"', "bad_currency"),
    "a long currency code": ('"currency": "EURO"', "bad_currency"),
    "half a surrogate": ('"title": "\\ud800"', "bad_characters"),
    "NUL": ('"title": "a\\u0000b"', "bad_characters"),
    "a noncharacter": ('"title": "\\uffff"', "bad_characters"),
    "a megabyte of text": (f'"description": "{"x" * 1_000_000}"', "too_long"),
    "a future date": ('"occurred_at": "2031-01-01T00:00:00Z"', "future_time"),
    "the year 1": ('"occurred_at": "0001-01-01T00:00:00Z"', "out_of_range"),
    "a time without offset": ('"occurred_at": "2026-01-01T00:00:00"', "naive_time"),
    "a count beyond 64 bits": ('"age_days": 9223372036854775808', "out_of_range"),
    "half a day": ('"age_days": 1.5', "wrong_type"),
    "an unknown field": ('"titel": "a"', "unknown_field"),
    "a key twice": ('"title": "a", "title": "b"', "duplicate_key"),
    "javascript as a link": ('"link": "javascript:alert(1)"', "bad_url"),
}


@pytest.mark.parametrize(("field", "code"), HOSTILE.values(), ids=HOSTILE)
def test_a_bad_single_listing_is_a_422_with_a_code_and_a_sentence_and_is_kept(
    any_client: TestClient, any_site: Site, field: str, code: str
) -> None:
    name = field.split('"')[1]
    others = {key: field_value for key, field_value in a_row().items() if key != name}
    body = json.dumps(others)[:-1] + f", {field}}}"
    answer = post(any_client, any_site, body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert answer.json()["error"]["sentence"].endswith(".")
    assert quarantined_rows(any_site)[0]["code"] == code


@pytest.mark.parametrize(
    ("body", "headers", "status", "why"),
    [
        (b"{", JSON, 422, "not JSON"),
        (b'{"title": "\xff"}', JSON, 422, "not UTF-8"),
        (b"[" * 100_000, JSON, 422, "nested too deeply"),
        (b"", JSON, 422, "empty"),
        (b"{}", {"content-type": "text/plain"}, 415, "a form of another site could send it"),
        (b"{}", {}, 415, "no type"),
        (
            '{"title":"a"}'.encode("utf-16"),
            {"content-type": "application/json; charset=utf-16"},
            415,
            "another charset",
        ),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 415, "compressed"),
        (b"x" * 5_000_001, JSON, 413, "too large"),
    ],
)
def test_a_body_that_is_unreadable_as_a_whole_is_a_4xx(
    client: TestClient, site: Site, body: bytes, headers: dict[str, str], status: int, why: str
) -> None:
    answer = client.post("/api/v1/listings", content=body, headers={**key_headers(site), **headers})
    assert answer.status_code == status, why
    assert answer.json()["error"]["code"], why


def test_a_body_that_lies_about_its_length_is_cut_off(client: TestClient, site: Site) -> None:
    def chunks() -> Any:
        for _ in range(6):
            yield b" " * 1_000_000

    assert client.post("/api/v1/listings", content=chunks(), headers={**key_headers(site), **JSON}).status_code == 413


def test_no_answer_repeats_what_was_sent(client: TestClient, site: Site) -> None:
    assert "canary" not in post(client, site, json.dumps(a_row(title=None, price="canary-in-the-price"))).text


@pytest.mark.parametrize(
    "path", ["/api/v1/listings", "/api/v1/seller-events", "/api/v1/seller-contacts", "/api/v1/appeals", "/api/v1/score"]
)
@pytest.mark.parametrize("header", ["", "Bearer", "Bearer tsk.key_x.secret", "Basic dTpw", "Bearer tsk.."])
def test_without_a_valid_key_nothing_comes_in(client: TestClient, path: str, header: str) -> None:
    headers = {**JSON, "authorization": header} if header else JSON
    answer = client.post(path, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


def test_a_key_does_only_what_its_scopes_say(client: TestClient, site: Site) -> None:
    answer = client.post("/api/v1/clock", json={"to": "2027-01-01T00:00:00Z"}, headers=key_headers(site))
    assert answer.status_code == 403


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


@settings(
    max_examples=3 * settings().max_examples, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.dictionaries(
        st.sampled_from([*a_row(), "sales", "rating_counts", "occurred_at", "?"]), VALUES, max_size=4
    )
)
def test_any_listing_is_a_2xx_or_a_422_and_never_a_500(client: TestClient, site: Site, changes: dict[str, Any]) -> None:
    answer = post(client, site, json.dumps({**a_row(), **changes}))
    assert answer.status_code in {200, 201, 422}, answer.text
