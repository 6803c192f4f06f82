from typing import Any

from fastapi.testclient import TestClient

from tests.fixtures.clients import with_key
from tests.fixtures.runtimes import Site

PATH = "/api/v1/seller-contacts"
PHONE = {"seller": "shops/ann 1", "kind": "phone", "value": "+49 30 7654321"}


def post(client: TestClient, site: Site, body: Any) -> Any:
    return client.post(PATH, json=body, headers=with_key(site))


def test_contacts_are_counted_and_erased_by_the_sellers_id_whatever_is_in_it(client: TestClient, site: Site) -> None:
    answer = post(client, site, {"contacts": [PHONE, {**PHONE, "value": "030 1"}]})
    assert (answer.status_code, answer.json()) == (200, {"new": 1, "known": 0, "quarantined": 1})
    for erased in (1, 0):
        answer = client.delete(f"{PATH}/shops/ann%201", headers=with_key(site))
        assert (answer.status_code, answer.json()) == (200, {"erased": erased})


def test_a_body_that_is_none_is_a_422_and_repeats_nothing(client: TestClient, site: Site) -> None:
    for body in ([PHONE], {"contact": [PHONE]}, "+49 30 7654321"):
        answer = post(client, site, body)
        assert answer.status_code == 422
        assert "7654321" not in answer.text
